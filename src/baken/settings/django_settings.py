"""Django's settings, made from what the environment says (see `baken.settings.environment`)."""

from __future__ import annotations

import os
import secrets

from baken.settings.environment import django_database, read_settings
from baken.settings.log import configure_log

BAKEN = read_settings(os.environ)

configure_log(BAKEN.log_level)

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
    "baken.outbox",
]
# Without a URL the address leads nowhere: `baken` starts the embedded server and sets it first.
DATABASES = {
    "default": django_database(BAKEN.database_url or "postgresql://baken@127.0.0.1:1/baken")
}
