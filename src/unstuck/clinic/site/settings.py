"""Django's settings. Everything a site may choose comes from the environment or from `site.toml` in the data folder."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from unstuck.clinic.people.roles import Role
from unstuck.clinic.site.database import database
from unstuck.clinic.site.home import home, secret_key
from unstuck.clinic.site.parts import APPS, ERASERS, PATIENT_PAGES, ROUNDS

_site = home()
_here = Path(__file__).parent

# What this site is
UNSTUCK_HOME = _site.path
UNSTUCK_DEMO = _site.yes("UNSTUCK_DEMO")
UNSTUCK_SITE_NAME = _site.text("UNSTUCK_SITE_NAME", "Unstuck")
UNSTUCK_MONITOR_DAYS = _site.number("UNSTUCK_MONITOR_DAYS", 7)  # how long a monitor's messages are kept
UNSTUCK_TRAINING = _site.yes("UNSTUCK_TRAINING")  # a clinic to practise in, with simulated people only
UNSTUCK_DEMANDED_SKILLS = list(_site.list("UNSTUCK_DEMANDED_SKILLS"))  # keys of library/training/skills.toml
UNSTUCK_RETENTION_YEARS = _site.number("UNSTUCK_RETENTION_YEARS", 0)  # the legal period of records; 0: not told
UNSTUCK_CRISIS_PHONE = _site.text("UNSTUCK_CRISIS_PHONE")  # the local crisis line, first on a patient's page
UNSTUCK_EMERGENCY_PHONE = _site.text("UNSTUCK_EMERGENCY_PHONE", "112")  # of the country, such as 911
UNSTUCK_CRISIS_LINES = _site.named("UNSTUCK_CRISIS_LINES")  # more of them, as "Night line=+1-555-0101, Text line=..."
UNSTUCK_PHONE = _site.text("UNSTUCK_PHONE")  # the site's own number, for patients
UNSTUCK_ANSWERS_READ_H = _site.number("UNSTUCK_ANSWERS_READ_H", 24)  # what patients are told: answers are read within
UNSTUCK_FEEDBACK_READ_H = _site.number("UNSTUCK_FEEDBACK_READ_H", 72)  # and how they found a visit
UNSTUCK_PATIENT_PAGES = PATIENT_PAGES
UNSTUCK_ADDRESS = _site.text("UNSTUCK_ADDRESS").rstrip("/")  # such as https://own.example.org; reminders lead there
DEBUG = _site.yes("UNSTUCK_DEBUG")
SECRET_KEY = _site.text("UNSTUCK_SECRET_KEY") or secret_key(_site.path)
ALLOWED_HOSTS = list(_site.list("UNSTUCK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"))
CSRF_TRUSTED_ORIGINS = list(_site.list("UNSTUCK_TRUSTED_ORIGINS"))

UNSTUCK_ROUNDS, UNSTUCK_ERASERS = ROUNDS, ERASERS
UNSTUCK_OPENS = _site.time_of_day("UNSTUCK_OPENS")  # when it opens; empty: no such time
UNSTUCK_OPEN_DAYS = _site.week_days("UNSTUCK_OPEN_DAYS")  # such as mon, tue, wed; empty: every day
UNSTUCK_CLOSES = _site.time_of_day("UNSTUCK_CLOSES")  # when the site closes, such as 17:30; empty: no such time

# What it is made of
INSTALLED_APPS = [
    *reversed(APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "unstuck.clinic.portal.language.PatientLanguage",
    "django.middleware.common.CommonMiddleware",
    "unstuck.clinic.site.middleware.WithoutNul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "unstuck.clinic.site.middleware.IdleTimeout",
    "unstuck.clinic.site.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "unstuck.clinic.site.middleware.NoStore",
    "unstuck.clinic.criteria.middleware.RulesTold",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "unstuck.clinic.site.urls"
WSGI_APPLICATION = "unstuck.clinic.site.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "unstuck.clinic.site.context.site",
            ],
        },
    }
]

# Data
DATABASES = {"default": database(_site.text("UNSTUCK_DATABASE_URL"), _site.path, durable=not UNSTUCK_DEMO)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Language and time
LANGUAGE_CODE = _site.text("UNSTUCK_LANGUAGE", "en")
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]  # of the pages that patients read; staff read LANGUAGE_CODE
LOCALE_PATHS = [_here / "locale"]
USE_TZ = True
TIME_ZONE = _site.text("UNSTUCK_TIME_ZONE", "UTC")

# Static files: hashed names, collected into the data folder by `unstuck serve`
STATIC_URL = "/static/"
STATIC_ROOT = _site.path / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Signing in
AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": _site.number("UNSTUCK_PASSWORD_LENGTH", 12)},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "people:sign_in"
PASSWORD_RESET_TIMEOUT = 3600 * _site.number("UNSTUCK_PASSWORD_LINK_HOURS", 24)
AXES_FAILURE_LIMIT = _site.number("UNSTUCK_SIGN_IN_TRIES", 5)
AXES_COOLOFF_TIME = _site.number("UNSTUCK_SIGN_IN_WAIT_HOURS", 1)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "people/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # the ledger keeps sign-ins, under pseudonyms

# Second factor: roles that need one, wrong codes until a pause, and its minutes
UNSTUCK_SECOND_FACTOR_ROLES = list(_site.list("UNSTUCK_SECOND_FACTOR_ROLES", "prescriber,custodian"))
UNSTUCK_CODE_TRIES = _site.number("UNSTUCK_CODE_TRIES", 5)
UNSTUCK_CODE_WAIT_MINUTES = _site.number("UNSTUCK_CODE_WAIT_MINUTES", 15)

# Sessions end after so many idle minutes; of several roles the shortest counts
UNSTUCK_IDLE_MINUTES = {
    role.value: _site.number(f"UNSTUCK_IDLE_MINUTES_{role.name}", minutes)
    for role, minutes in {
        Role.FRONT_DESK: 15,
        Role.NURSE: 30,
        Role.THERAPIST: 30,
        Role.PRESCRIBER: 30,
        Role.CUSTODIAN: 15,
        Role.RESEARCH: 20,
        Role.QUALITY: 20,
        Role.PATIENT: 20,
        Role.ADMIN: 15,
    }.items()
}
# Whoever keeps a chair stays signed in through a lost network; the page itself is watched by its heartbeat.
UNSTUCK_IDLE_MINUTES_CHAIR = _site.number("UNSTUCK_IDLE_MINUTES_CHAIR", 240)
SESSION_COOKIE_AGE = 3600 * _site.number("UNSTUCK_SESSION_HOURS", 12)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# The wire. Only a demonstration, which `unstuck serve` keeps on the loopback, goes without TLS.
_tls = not UNSTUCK_DEMO
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = _tls
SESSION_COOKIE_NAME = "__Host-unstuck" if _tls else "unstuck"
CSRF_COOKIE_NAME = "__Host-csrf" if _tls else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = _site.number("UNSTUCK_HSTS_SECONDS", 31_536_000) if _tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
UNSTUCK_TRUSTED_PROXY = _site.text("UNSTUCK_TRUSTED_PROXY")

# E-mail: everything goes to the outbox; the worker hands it to the console or to the server of UNSTUCK_EMAIL_URL
EMAIL_BACKEND = "unstuck.clinic.messages.backend.OutboxBackend"
_mail = urlsplit(_site.text("UNSTUCK_EMAIL_URL"))
_mail_backend = "smtp" if _mail.scheme in ("smtp", "smtps", "smtp+tls") else "console"
UNSTUCK_DELIVERY_BACKEND = f"django.core.mail.backends.{_mail_backend}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.scheme == "smtps", _mail.scheme == "smtp+tls"
EMAIL_TIMEOUT = 20
UNSTUCK_CHANNELS = {"email": "unstuck.clinic.messages.channels.Email"}
if _gateway := _site.text("UNSTUCK_TEXT_GATEWAY"):  # a class that sends text messages, as a dotted path
    UNSTUCK_CHANNELS["text"] = _gateway
DEFAULT_FROM_EMAIL = _site.text("UNSTUCK_EMAIL_FROM", "unstuck@localhost")
SERVER_EMAIL = parseaddr(DEFAULT_FROM_EMAIL)[1]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
