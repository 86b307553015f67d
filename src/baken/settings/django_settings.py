"""Django's settings, made from those of this process (see `baken.settings.process`)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import unquote, urlsplit

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


configure_log(this_process().settings.log_level)

SECRET_KEY = secrets.token_hex(32)  # there are no web pages yet: nothing signed outlives a process
DEBUG = False
ALLOWED_HOSTS: list[str] = []
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
]
# Without a URL the address leads nowhere: `baken` starts the embedded server first.
DATABASES = {
    "default": django_database(
        this_process().database_url or "postgresql://baken@127.0.0.1:1/baken"
    )
}
