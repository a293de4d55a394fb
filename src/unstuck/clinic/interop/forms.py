"""What the pages about monitors take in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.interop.devices import DeviceFacts


class DeviceForm(forms.Form):
    """A monitor and the address that it connects from."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("As it is written on the device."))
    address = forms.GenericIPAddressField(label=_("Address"), unpack_ipv4=True, help_text=_("Such as 192.168.50.21."))
    identifier = forms.CharField(
        label=_("Identifier behind a gateway"),
        max_length=120,
        required=False,
        help_text=_("Only where several monitors share one address: what its messages say in MSH-3, OBX-18 or PV1-3."),
    )

    def facts(self) -> DeviceFacts:
        """What the valid form asks for."""
        told = self.cleaned_data
        return DeviceFacts(told["name"], told["address"], told["identifier"].strip())
