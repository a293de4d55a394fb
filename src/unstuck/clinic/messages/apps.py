from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagesConfig(AppConfig):
    """The label is `outbox` because Django's own flash messages already have the label `messages`."""

    name = "unstuck.clinic.messages"
    label = "outbox"
    verbose_name = _("Messages")
    default_auto_field = "django.db.models.BigAutoField"
