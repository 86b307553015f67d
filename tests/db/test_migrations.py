"""The tables stand as the models say, on the server the tests run on."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db


def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_server_is_one_that_we_support() -> None:
    assert connection.pg_version >= 150000
