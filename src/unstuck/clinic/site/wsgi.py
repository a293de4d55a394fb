"""The WSGI application, for `unstuck serve` and for other servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unstuck.clinic.site.settings")
application = get_wsgi_application()
