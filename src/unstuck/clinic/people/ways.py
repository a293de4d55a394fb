"""Where a form may lead back to."""

from django.utils.http import url_has_allowed_host_and_scheme


def is_of_this_site(address: str) -> bool:
    """Whether `address` is the path of a page here: neither another site nor words that are no address."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
