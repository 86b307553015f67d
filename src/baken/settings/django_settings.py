"""Django's settings, made from those of this process (see `baken.settings.process`)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from baken.settings.log import configure_log
from baken.settings.process import this_process


def django_database(url: str) -> dict[str, Any]:
    """Django's ``DATABASES`` entry for a PostgreSQL URL; a socket folder may be ``?host=``."""
    parts = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")) or "baken",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(options.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {key: unquote(value) for key, value in options.items()},
    }


_settings = this_process().settings
configure_log(_settings.log_level)

SECRET_KEY = secrets.token_hex(32)  # nothing that Django signs outlives a process
DEBUG = False
_public_host = urlsplit(_settings.public.url).hostname
ALLOWED_HOSTS = [_public_host] if _public_host else []
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "baken.constituency",
    "baken.intake",
    "baken.occasions",
    "baken.cases",
    "baken.discovery",
    "baken.outbox",
    "baken.responses",
    "baken.pages",
]
# Without a URL the address leads nowhere: `baken` starts the embedded server first.
DATABASES = {
    "default": django_database(
        this_process().database_url or "postgresql://baken@127.0.0.1:1/baken"
    )
}

# The public pages. There is no login, and so no cookie: an answer is allowed by its link alone, and
# a page elsewhere that could post one would have to know that link.
ROOT_URLCONF = "baken.pages.urls"
MIDDLEWARE = [
    "baken.pages.headers.PublicHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "baken.pages.headers.SmallRequests",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"builtins": ["baken.pages.templatetags.saying"]},
    }
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 << 10  # 2,000 characters, percent-encoded
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20
STATIC_URL = "/static/"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Django's own lines name the path that was asked, and a path may hold a code or the secret of a
# link. `baken.pages.views.failed` logs what goes wrong.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": {
        name: {"handlers": ["nowhere"], "propagate": False, "level": "CRITICAL"}
        for name in ("django.request", "django.security")
    },
}
