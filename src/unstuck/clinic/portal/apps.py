from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "unstuck.clinic.portal"
    label = "portal"
    verbose_name = _("Own pages")
    default_auto_field = "django.db.models.BigAutoField"
