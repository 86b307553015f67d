"""A channel new to Baken, through everything: its own module and one line in the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

import baken.channels
import made_up_channel
from baken.cases.models import Case
from baken.channels import CHANNELS
from baken.constituency.models import Contact, Organisation, Route
from baken.jobs.sending import dry_run_into, plan
from baken.occasions.models import Occasion
from baken.outbox.models import Delivery, Notification, Provider, Suppression
from baken.outbox.services import Outcome
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from letter_box import LetterBoxes
from made_up_channel import KEY, KIND
from small_world import Command, Ingest, hand_over, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

SOURCE = Path(baken.channels.__file__).parent.parent


@pytest.fixture(autouse=True)
def _one_more_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baken.channels, "CHANNELS", MappingProxyType({**CHANNELS, KEY: KIND}))


@pytest.fixture(autouse=True)
def key_file(settings_of_test: Settings) -> Path:
    """The courier's key, where it is expected."""
    path = settings_of_test.home / "courier.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"made-up key")
    return path


@pytest.fixture
def boxes() -> Iterator[LetterBoxes]:
    """Letter boxes that take everything, unless told otherwise."""
    with LetterBoxes() as running:
        yield running


@pytest.fixture
def haven(boxes: LetterBoxes, ingest: Ingest) -> Organisation:
    """An organisation with a letter box only, of which something was seen."""
    organisation = make_organisation("haven", "192.0.2.0/25")
    Route.objects.all().delete()
    add_box(organisation, boxes)
    ingest(report_text("192.0.2.7"))
    return organisation


def add_box(organisation: Organisation, boxes: LetterBoxes) -> None:
    """Give the contact of `organisation` a letter box, and let it prefer that."""
    contact = organisation.contacts.get()
    address = f"{boxes.url}/{organisation.reference}"
    Route.objects.create(contact=contact, channel=KEY, address=address)
    Contact.objects.filter(pk=contact.pk).update(channel=KEY)


def send(settings: Settings) -> Outcome:
    plan(settings=settings)
    return hand_over(settings)


def providers_take_all() -> None:
    """Let no provider wait since it put us off."""
    Provider.objects.update(next_at=datetime.now(UTC) - timedelta(minutes=1))


def test_each_is_told_by_the_channel_it_prefers(
    haven: Organisation,
    ingest: Ingest,
    boxes: LetterBoxes,
    server: FolderMailServer,
    sending: Settings,
) -> None:
    both = make_organisation("zorg", "192.0.2.128/26")
    add_box(both, boxes)
    mail_first = make_organisation("bank", "192.0.2.192/26")
    add_box(mail_first, boxes)
    mail_first.contacts.update(channel="mail")
    ingest(report_text("192.0.2.130", "192.0.2.200"))

    outcome = send(sending)

    assert (outcome.accepted, outcome.left, outcome.problem) == (3, 0, "")
    assert {path for path, _, _ in boxes.letters} == {"/haven", "/zorg"}
    assert [mail["To"] for mail in server.messages()] == ["security@bank.example.nl"]
    by_channel = Notification.objects.values_list("channel", "organisation__reference")
    assert set(by_channel) == {(KEY, "haven"), (KEY, "zorg"), ("mail", "bank")}
    (letter,) = [text for path, _, text in boxes.letters if path == "/haven"]
    assert letter.startswith("[TLP:AMBER] Belangrijk: Extern bureaublad")
    assert "192.0.2.7, poort 3389 (TCP)" in letter
    assert ".xlsx" not in letter, "it carries no attachments, and speaks of none"
    assert haven.notifications.count() == 1


def test_who_prefers_it_and_has_no_such_route_is_told_by_another(
    ingest: Ingest, server: FolderMailServer, sending: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24").contacts.update(channel=KEY)
    ingest(report_text("192.0.2.7"))
    assert send(sending).accepted == 1
    assert len(server.messages()) == 1


def test_a_long_warning_is_cut_to_what_it_carries(
    boxes: LetterBoxes, ingest: Ingest, sending: Settings
) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    add_box(organisation, boxes)
    ingest(report_text(*(f"192.0.2.{number}" for number in range(1, 200))))
    assert send(sending).accepted == 1
    ((_, _, letter),) = boxes.letters
    assert KIND.carries.longest_text is not None
    assert len(letter.partition("\n\n")[2]) <= KIND.carries.longest_text


@pytest.mark.parametrize(
    ("status", "about", "state"),
    [
        (404, "address", Delivery.State.REFUSED),
        (503, "mailbox", Delivery.State.DEFERRED),
        (413, "message", Delivery.State.REFUSED),
        (401, "us", Delivery.State.DEFERRED),
        (0, "mailbox", Delivery.State.UNCERTAIN),
    ],
)
def test_what_a_failure_is_about_decides_what_becomes_of_it(
    haven: Organisation,
    boxes: LetterBoxes,
    sending: Settings,
    status: int,
    about: str,
    state: Delivery.State,
) -> None:
    boxes.answers["/haven"] = [status]
    outcome = send(sending)
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.about, delivery.state) == (KEY, about, state)
    assert outcome.accepted == 0
    assert f"{boxes.url}/haven" not in delivery.reply, "the address stands with its addressee"
    if state is Delivery.State.REFUSED:
        assert haven.notifications.get().state == Notification.State.REFUSED
        assert Case.objects.get().told_at is None, "nobody heard of it"
        # An address that is none is passed over; one that did not take this message is not.
        unreachable = [one.rule for one in plan(settings=sending).unreachable]
        assert unreachable == (["contact-unwanted"] if about == "address" else [])
    else:
        assert outcome.left == 1


def test_what_was_put_off_is_sent_again_under_the_same_id(
    haven: Organisation, boxes: LetterBoxes, sending: Settings
) -> None:
    boxes.answers["/haven"] = [0, 503]
    assert send(sending).left == 1
    providers_take_all()
    assert hand_over(sending).left == 1
    providers_take_all()
    assert hand_over(sending).accepted == 1
    assert list(Delivery.objects.order_by("attempt").values_list("state", flat=True)) == [
        "uncertain",
        "deferred",
        "accepted",
    ]
    (first, again) = (message_id for _, message_id, _ in boxes.letters)
    assert first == again
    assert haven.notifications.count() == 1


def test_a_channel_that_cannot_go_out_leaves_the_others_running(
    haven: Organisation,
    ingest: Ingest,
    key_file: Path,
    server: FolderMailServer,
    sending: Settings,
) -> None:
    key_file.unlink()
    make_organisation("zorg", "192.0.2.128/25")
    ingest(report_text("192.0.2.200"))
    outcome = send(sending)
    assert (outcome.accepted, outcome.left) == (1, 1)
    assert [mail["To"] for mail in server.messages()] == ["security@zorg.example.nl"]
    assert haven.notifications.get().state == Notification.State.PLANNED


def test_tlp_red_goes_by_the_channel_that_encrypts_and_not_by_mail(
    ingest: Ingest, boxes: LetterBoxes, server: FolderMailServer, sending: Settings
) -> None:
    both = make_organisation("zorg", "192.0.2.0/25")
    add_box(both, boxes)
    both.contacts.update(channel="mail")
    mail_only = make_organisation("bank", "192.0.2.128/25")
    ingest(report_text("192.0.2.7", "192.0.2.200"))
    Case.objects.update(tlp="TLP:RED")

    planned = plan(settings=sending)
    assert [(one.organisation_id, one.rule) for one in planned.unreachable] == [
        (mail_only.pk, "tlp-red")
    ]
    assert hand_over(sending).accepted == 1
    ((path, _, letter),) = boxes.letters
    assert path == "/zorg"
    assert letter.startswith("[TLP:RED]")
    assert server.messages() == []


def test_a_dry_run_writes_what_either_would_carry(
    haven: Organisation, ingest: Ingest, boxes: LetterBoxes, sending: Settings, tmp_path: Path
) -> None:
    make_organisation("zorg", "192.0.2.128/25")
    ingest(report_text("192.0.2.200"))
    tried = dry_run_into(tmp_path / "dry", settings=sending)
    assert (tried.messages, tried.refused) == (2, 0)
    files = {path.name.partition(".nl")[2] for path in (tmp_path / "dry").iterdir()}
    assert files == {".eml", ".sealed.json"}
    (sealed,) = (tmp_path / "dry").glob("*.sealed.json")
    assert json.loads(sealed.read_text()).keys() == {"id", "letter", "seal"}
    assert boxes.letters == []
    assert not haven.notifications.exists()


def test_it_is_explained_by_which_channel_and_address(
    haven: Organisation, boxes: LetterBoxes, sending: Settings, baken: Command
) -> None:
    assert f"{boxes.url}/haven will be told" in baken("explain", "192.0.2.7").out
    send(sending)
    said = baken("explain", "192.0.2.7").out
    assert f"told    {boxes.url}/haven by {KEY}, planned" in said
    assert "[accepted, attempt 1]" in said
    (case,) = json.loads(baken("explain", haven.reference, "--json").out)["cases"]
    assert [one["address"] for one in case["told"]] == [f"{boxes.url}/haven"]
    assert f"{boxes.url}/haven (security, nl)" in baken("explain", haven.reference).out


def test_the_doctor_shows_how_each_channel_fares(
    haven: Organisation, server: FolderMailServer, baken: Command, key_file: Path
) -> None:
    to = {
        "BAKEN_SMTP_HOST": server.host,
        "BAKEN_SMTP_PORT": str(server.port),
        "BAKEN_SMTP_SECURITY": "none",
    }
    said = baken("doctor", **to).out
    assert f"ok   courier: {key_file} answers: seals with our key" in said
    assert "ok   mail server: " in said
    assert "ok   constituency: 1 organisations, all with a mail address or letter box" in said

    key_file.unlink()
    haven.contacts.get().routes.all().delete()
    said = baken("doctor").out
    assert f"FAIL courier: {key_file} takes nothing: There is no key in {key_file}." in said
    assert "Put the courier's key there. What is planned waits." in said
    assert "ok   mail server: " in said
    assert "1 of 1 organisations have no mail address or letter box" in said


def test_its_addresses_are_left_alone_when_they_ask(
    haven: Organisation, boxes: LetterBoxes, sending: Settings, baken: Command
) -> None:
    address = f"{boxes.url}/haven"
    plan(settings=sending)
    assert baken("suppress", address).exit_code == 0
    assert haven.notifications.get().state == Notification.State.WITHDRAWN
    assert [one.rule for one in plan(settings=sending).unreachable] == ["contact-unwanted"]
    assert hand_over(sending).accepted == 0
    assert boxes.letters == []

    assert baken("suppress", address, "--lift").exit_code == 0
    assert not Suppression.objects.exists()
    assert send(sending).accepted == 1
    nobody = baken("suppress", "nobody")
    assert (
        nobody.exit_code,
        "not a mail address, telephone number, postal address or letter box" in nobody.err,
    ) == (65, True)


def test_who_has_a_long_address_is_left_alone_too(
    haven: Organisation, boxes: LetterBoxes, baken: Command, sending: Settings
) -> None:
    address = f"{boxes.url}/{'x' * 400}"
    haven.contacts.get().routes.update(address=address)
    assert baken("suppress", address).exit_code == 0
    assert [one.rule for one in plan(settings=sending).unreachable] == ["contact-unwanted"]


def test_a_lookback_counts_it_as_reachable(
    haven: Organisation, baken: Command, tmp_path: Path
) -> None:
    path = tmp_path / "threat.toml"
    path.write_text(
        """
        key = "rdp-worm"
        title = "A worm"
        likelihood = "high"
        impact = "high"
        tlp = "TLP:AMBER"
        advice = { nl = "Doe dit vandaag nog.", en = "Do this today." }
        selection = { finding_kinds = ["open-rdp"] }
        """
    )
    assert baken("occasion", "new", path).exit_code == 0

    def to_warn() -> object:
        done = baken("lookback", "--occasion", "rdp-worm", "--json")
        return json.loads(done.out)["organisations_to_warn"]

    assert to_warn() == 1
    haven.contacts.get().routes.update(channel="phone", address="+31201234567")
    assert to_warn() == 0
    assert Occasion.objects.filter(key="rdp-worm").exists()


def test_since_it_can_encrypt_a_threat_for_few_eyes_can_be_released(
    baken: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def new(key: str) -> str:
        path = tmp_path / f"{key}.toml"
        path.write_text(
            f"""
            key = "{key}"
            title = "A worm"
            likelihood = "high"
            impact = "high"
            tlp = "TLP:RED"
            advice = {{ nl = "Doe dit vandaag nog.", en = "Do this today." }}
            selection = {{ finding_kinds = ["open-rdp"] }}
            """
        )
        return baken("occasion", "new", path).out

    assert "Then two people release it" in new("with-it")
    monkeypatch.setattr("baken.channels.CHANNELS", CHANNELS)
    said = new("without-it")
    assert "Nobody can be warned under it: it is TLP:RED" in said
    assert "release it" not in said


def test_its_addresses_are_imported_and_told(
    boxes: LetterBoxes, ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24").contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    routes = tmp_path / "routes.csv"
    routes.write_text(
        "organisation,role,name,channel,address\n"
        f"haven,security,Desk,{KEY},{boxes.url}/haven\n"
        f"haven,security,Desk,{KEY},nowhere\n"
    )
    done = baken("import", routes)
    assert "routes: 1 new, 0 changed, 0 as they were, 1 refused" in done.out
    assert "This is no letter box." in done.out
    assert send(sending).accepted == 1
    assert [path for path, _, _ in boxes.letters] == ["/haven"]


def test_its_pace_is_that_of_the_host_it_posts_to(haven: Organisation, sending: Settings) -> None:
    assert send(sending).accepted == 1
    assert list(Provider.objects.values_list("name", flat=True)) == ["127.0.0.1"]
    assert haven.notifications.get().addressee.provider == "127.0.0.1"


def test_it_took_one_module_and_one_line_in_the_table() -> None:
    assert baken.channels.CHANNELS.keys() - CHANNELS.keys() == {KEY}
    module = Path(made_up_channel.__file__)
    knowing = [path for path in SOURCE.rglob("*.*") if _speaks_of(path, KEY, module.stem)]
    assert knowing == [], "nothing of the house was touched for it, not even for its words"
    imported = {
        line.split()[1]
        for line in module.read_text().splitlines()
        if line.startswith(("from baken", "import baken"))
    }
    may_import = ("baken.core.", "baken.channels.", "baken.settings.environment")
    assert all(name.startswith(may_import) for name in imported)


def _speaks_of(path: Path, *words: str) -> bool:
    content = path.read_bytes() if path.is_file() else b""
    return any(word.encode() in content for word in words)
