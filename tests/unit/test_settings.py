"""Settings that would fail later are refused when they are read, all at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import pytest

from baken.channels import CHANNELS, FolderChannel, Message
from baken.core.classification import Severity, Tlp
from baken.core.errors import SettingsError
from baken.core.language import Language
from baken.core.smtp import SmtpSecurity
from baken.settings import process
from baken.settings.by_hand import ByHand
from baken.settings.declaration import SECRET, Variable, changed_settings
from baken.settings.environment import (
    VARIABLES,
    S3Server,
    Settings,
    SmtpServer,
    WebAccess,
    read_settings,
)
from baken.settings.log import LogLevel
from baken.settings.public_pages import PublicPages

NAMES = [variable.name for variable in VARIABLES]
SECRETS = [variable.name for variable in VARIABLES if variable.is_secret]
A_SECRET = "postgresql://baken:geheim@db.example.nl/baken"  # taken by every secret


def value_of(settings: Settings, name: str) -> Any:
    """The value of the variable `name`, wherever its field is."""
    return dict(values_in(settings))[name]


def values_in(settings: Any) -> list[tuple[str, Any]]:
    found = []
    for field in settings.__dataclass_fields__.values():
        value = getattr(settings, field.name)
        if "group" in field.metadata:
            found += values_in(value)
        else:
            found.append((field.metadata["setting"].name, value))
    return found


def declared_type(name: str) -> Any:
    """The type of the field of the variable `name`, as ``isinstance`` takes it."""
    for kind in (Settings, SmtpServer, S3Server, WebAccess, ByHand, PublicPages):
        for field in kind.__dataclass_fields__.values():
            if "setting" in field.metadata and field.metadata["setting"].name == name:
                hint = get_type_hints(kind)[field.name]
                origin = get_origin(hint)
                return origin if origin in (Mapping, tuple) else hint
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BAKEN_MESSAGE_ID_DOMAIN", "no domain"),
        ("BAKEN_MESSAGE_ID_DOMAIN", "csirt"),
        ("BAKEN_MESSAGE_ID_DOMAIN", "csirt.example.nl>"),
        ("BAKEN_MESSAGE_ID_DOMAIN", "-.example.nl"),
        ("BAKEN_MESSAGE_ID_DOMAIN", ".".join(["a" * 60] * 3) + ".example.nl"),
        ("BAKEN_MAIL_FROM", "warnings"),
        ("BAKEN_MAIL_FROM", "a b@example.nl"),
        ("BAKEN_MAIL_FROM", "Team <a@-example.nl>"),
        ("BAKEN_MAIL_FROM", "Team <a..b@example.nl>"),
        ("BAKEN_MAIL_FROM", "Team <a@example>"),
        ("BAKEN_MAIL_FROM", f"Team <{'a' * 70}@example.nl>"),
        ("BAKEN_MAIL_FROM", "a@example.nl, b@example.nl"),
        ("BAKEN_MAIL_REPLY_TO", "a@exa mple.nl"),
        ("BAKEN_MAIL_ENVELOPE_FROM", "Team <bounces@csirt.example.nl>"),
        ("BAKEN_SENDER_NAME", "Team\nBcc: a@example.nl"),
        ("BAKEN_MAIL_CONTACT_LINE", "one\ntwo"),
    ],
)
def test_nonsense_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize(
    ("variables", "domain"),
    [
        ({}, "baken.example.nl"),
        ({"BAKEN_MAIL_FROM": "Team Überwachung <warnings@bücher.example.nl>"},
         "xn--bcher-kva.example.nl"),
        ({"BAKEN_MESSAGE_ID_DOMAIN": "CSIRT.Example.NL."}, "csirt.example.nl"),
        ({"BAKEN_MAIL_REPLY_TO": "Team <team@csirt.example.nl>"}, "baken.example.nl"),
    ],
)  # fmt: skip
def test_what_is_taken_makes_a_mail(tmp_path: Path, variables: dict[str, str], domain: str) -> None:
    settings = read_settings(variables)
    assert settings.message_id_domain == domain
    message = Message(
        id=f"x@{settings.message_id_domain}",
        recipient_address="a@example.nl",
        recipient_name="",
        language="nl",
        subject="[TLP:AMBER] a",
        text="TLP:AMBER",
        tlp=Tlp.AMBER,
        made_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    mail = CHANNELS["mail"]
    folder = FolderChannel(tmp_path, rendering=mail.rendering(settings), carries=mail.carries)
    assert folder.send(message).reply.endswith(".eml")


@pytest.mark.parametrize("variable", VARIABLES, ids=NAMES)
def test_every_setting_says_all_about_itself(variable: Variable) -> None:
    assert variable.meaning.endswith(".")
    assert variable.shape.text
    assert variable.default_text()
    value = value_of(read_settings({variable.name: variable.example}), variable.name)
    assert isinstance(value, declared_type(variable.name))
    assert variable.shape.parse(variable.shape.show(value)) == value, "it is read as it is shown"


def test_a_variable_is_declared_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(name.startswith("BAKEN_") for name in NAMES)


def test_values_have_their_types() -> None:
    settings = read_settings(
        {
            "BAKEN_FEED_TLP": "tlp:green",
            "BAKEN_MINIMUM_SEVERITY": "Medium",
            "BAKEN_REMINDER_DAYS": "critical=1, low=2",
            "BAKEN_SMTP_SECURITY": "TLS",
            "BAKEN_DEFAULT_LANGUAGE": "EN",
            "BAKEN_LOG_LEVEL": "info",
        }
    )
    assert settings.feed_tlp is Tlp.GREEN
    assert settings.minimum_severity is Severity.MEDIUM
    assert settings.reminder_after[Severity.CRITICAL] == timedelta(days=1)
    assert settings.reminder_after[Severity.LOW] == timedelta(days=2)
    assert settings.reminder_after[Severity.HIGH] == timedelta(days=14), "as by default"
    assert settings.smtp.security is SmtpSecurity.TLS
    assert settings.default_language is Language.EN
    assert settings.log_level is LogLevel.INFO
    assert (settings.gone_after, settings.store_kept_for) == (
        timedelta(days=14),
        timedelta(days=90),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BAKEN_SMTP_CONNECTIONS", "0"),
        ("BAKEN_SMTP_CONNECTIONS", "51"),
        ("BAKEN_PROVIDER_PER_MINUTE", "0"),
        ("BAKEN_PROVIDER_FIRST_DAY_PER_MINUTE", "100001"),
        ("BAKEN_DNS_SERVERS", "dns.example.nl"),
        ("BAKEN_DNS_SERVERS", "192.0.2.53:0"),
        ("BAKEN_DNS_SERVERS", "192.0.2.53:65536"),
        ("BAKEN_DNS_SERVERS", "192.0.2.53,"),
        ("BAKEN_DNS_SERVERS", "user@192.0.2.53:53"),
        ("BAKEN_DNS_SERVERS", "192.0.2.53/24"),
        ("BAKEN_SMTP_PORT", "0"),
        ("BAKEN_SMTP_TIMEOUT", "nan"),
        ("BAKEN_SMTP_SECURITY", "ssl"),
        ("BAKEN_STORE_DAYS", "-1"),
        ("BAKEN_STORE_DAYS", "36501"),
        ("BAKEN_REMINDER_DAYS", "urgent=1"),
        ("BAKEN_REMINDER_DAYS", "high"),
        ("BAKEN_MINIMUM_SEVERITY", "urgent"),
        ("BAKEN_HOME", "~nobody-has-this-name/baken"),
    ],
)
def test_a_problem_names_the_shape_and_an_example(name: str, value: str) -> None:
    (variable,) = (one for one in VARIABLES if one.name == name)
    with pytest.raises(SettingsError) as refused:
        read_settings({name: value})
    assert f"{name} is {value!r}; it must be {variable.shape.text}" in refused.value.message
    assert f"for instance {variable.example}." in refused.value.message


def test_all_problems_are_told_together() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"BAKEN_SMTP_PORT": "x", "BAKEN_STORE_DAYS": "y", "BAKEN_SMPT_HOST": "z"})
    for name in ("BAKEN_SMTP_PORT is 'x'", "BAKEN_STORE_DAYS is 'y'", "BAKEN_SMPT_HOST is not a"):
        assert name in refused.value.message


def test_only_a_secret_may_come_from_a_file() -> None:
    with pytest.raises(SettingsError, match="BAKEN_SMTP_HOST_FILE is not a setting"):
        read_settings({"BAKEN_SMTP_HOST_FILE": "/run/host"})


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_shown(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{A_SECRET}\n")
    given = {name: A_SECRET}
    for settings in (
        read_settings(given),
        read_settings({f"{name}_FILE": str(tmp_path / "secret")}),
    ):
        assert value_of(settings, name) == A_SECRET
        assert "geheim" not in repr(settings)
        assert dict(changed_settings(settings)) == {name: SECRET}
        assert "geheim" not in repr(process.Process(settings, settings.database_url))


@pytest.mark.parametrize(
    "given",
    [
        *({name: "geheim", "BAKEN_SMTP_PORT": "x"} for name in SECRETS),
        *({f"{name}_FILE": "/nowhere/geheim"} for name in SECRETS),
        {"BAKEN_STORE_URL": "s3://a-key:geheim@baken/store"},
        {"BAKEN_STORE_S3_ENDPOINT": "https://baken:geheim@s3.example.nl"},
        {"BAKEN_STORE_S3_ENDPOINT": "https://baken:geheim/@@s3.example.nl"},
        {"BAKEN_STORE_S3_ENDPOINT": "baken:geheim@s3.example.nl"},
    ],
)
def test_no_error_shows_a_secret(given: Mapping[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(given)
    assert "geheim" not in str(refused.value)


def test_a_file_that_does_not_decode_is_told_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"geheim\xff")
    with pytest.raises(SettingsError, match=r"BAKEN_SMTP_PASSWORD is \(a secret\)") as refused:
        read_settings({"BAKEN_SMTP_PASSWORD_FILE": str(tmp_path / "secret")})
    assert "geheim" not in str(refused.value)


def test_what_is_not_at_its_default_is_listed_as_it_would_be_set() -> None:
    assert list(changed_settings(read_settings({}))) == []
    settings = read_settings(
        {"BAKEN_HOME": "/var/lib/baken", "BAKEN_SMTP_PORT": "587", "BAKEN_STORE_DAYS": "30",
         "BAKEN_MINIMUM_SEVERITY": "high", "BAKEN_SMTP_HOST": "localhost"}
    )  # fmt: skip
    assert list(changed_settings(settings)) == [
        ("BAKEN_HOME", "/var/lib/baken"),
        ("BAKEN_SMTP_PORT", "587"),
        ("BAKEN_MINIMUM_SEVERITY", "high"),
        ("BAKEN_STORE_DAYS", "30"),
    ]


def test_a_process_reads_its_settings_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_begun", None)
    monkeypatch.setitem(os.environ, "BAKEN_SENDER_NAME", "National CSIRT")
    first = process.this_process()
    monkeypatch.setitem(os.environ, "BAKEN_SENDER_NAME", "Somebody else")
    assert process.this_process() is first
    assert first.settings.sender_name == "National CSIRT"
    process.begin_process(replace(first.settings, sender_name="Ours"), database_url="")
    assert process.this_process().settings.sender_name == "Ours"


def test_dns_servers_are_addresses_with_or_without_a_port() -> None:
    given = "192.0.2.53, 192.0.2.54:5353,2001:db8::53, [2001:db8::54], [2001:db8::55]:5353"
    settings = read_settings({"BAKEN_DNS_SERVERS": given})
    assert settings.dns_servers == (
        ("192.0.2.53", 53),
        ("192.0.2.54", 5353),
        ("2001:db8::53", 53),
        ("2001:db8::54", 53),
        ("2001:db8::55", 5353),
    )
    shown = dict(changed_settings(settings))["BAKEN_DNS_SERVERS"]
    assert read_settings({"BAKEN_DNS_SERVERS": shown}) == settings
