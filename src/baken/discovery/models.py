"""The tables of discovery: what was asked of whom, what came back, and who was chosen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from baken.constituency.models import Organisation
from baken.core.given_file import GivenFileKind
from baken.core.lookup import Outcome, SubjectKind
from baken.occasions.models import Occasion

_OUTCOMES = [outcome.value for outcome in Outcome]
_SUBJECTS = [kind.value for kind in SubjectKind]


class KeptAnswer(models.Model):
    """The newest answer of one lookup about one subject; asked again when it is out of date."""

    lookup = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=300)
    outcome = models.CharField(max_length=8)
    answer = models.TextField(help_text="core.lookup_text")
    fetched_at = models.DateTimeField()
    valid_until = models.DateTimeField(help_text="it is not asked again before")

    class Meta:
        ordering = ["subject_kind", "subject", "lookup"]
        indexes = [
            models.Index(fields=["valid_until"], name="kept_answer_by_end"),
            models.Index(fields=["subject"], name="kept_answer_by_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["lookup", "subject_kind", "subject"], name="kept_answer_once"
            ),
            models.CheckConstraint(
                name="kept_answer_outcome_known", condition=Q(outcome__in=_OUTCOMES)
            ),
            models.CheckConstraint(
                name="kept_answer_subject_known", condition=Q(subject_kind__in=_SUBJECTS)
            ),
            models.CheckConstraint(
                name="kept_answer_in_order", condition=Q(fetched_at__lte=F("valid_until"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lookup} about {self.subject}: {self.outcome}"


class OutsideRequest(models.Model):
    """One request that left the house: what was asked of whom, when and why."""

    asked_at = models.DateTimeField()
    server = models.CharField(max_length=253)
    address = models.CharField(max_length=45, blank=True, help_text="the address that was asked")
    what = models.CharField(max_length=2048, help_text="a URL, or a question to the DNS")
    why = models.CharField(max_length=200)
    outcome = models.CharField(max_length=32)
    received_bytes = models.PositiveBigIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["asked_at"], name="outside_request_by_time"),
            models.Index(fields=["server", "asked_at"], name="outside_request_by_server"),
        ]

    def __str__(self) -> str:
        return self.what


class ServerState(models.Model):
    """How often a server was asked today, and until when it asked us to wait."""

    server = models.CharField(max_length=253, unique=True)
    day = models.DateField(help_text="of `asked` and `personal_sets`, in UTC")
    asked = models.PositiveIntegerField(default=0)
    personal_sets = models.PositiveIntegerField(
        default=0, help_text="data sets of persons that it gave us that day"
    )
    paused_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["server"]

    def __str__(self) -> str:
        return self.server


class GivenFileRecord(models.Model):
    """A file that somebody gave us to look things up in, and by whose permission."""

    kind = models.CharField(
        max_length=24, choices=[(kind.value, kind.value) for kind in GivenFileKind]
    )
    path = models.TextField()
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=120, help_text="what answers call it")
    permission = models.CharField(max_length=500, help_text="who allowed us to use it for what")
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=200, help_text="who recorded it")
    valid_until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "name", "-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                name="given_file_one_of_a_name",
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="given_file_with_permission", condition=~Q(permission="") & ~Q(given_by="")
            ),
            models.CheckConstraint(
                name="given_file_kind_known",
                condition=Q(kind__in=[kind.value for kind in GivenFileKind]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RegistrantRequest(models.Model):
    """A request to a registry or registrar for who registered a domain, and what came of it."""

    class Outcome(models.TextChoices):
        """What came of it."""

        OPEN = "open", "no answer yet"
        GIVEN = "given", "they said who registered it"
        REFUSED = "refused", "they did not say it"
        WITHDRAWN = "withdrawn", "no answer is wanted any more"

    domain = models.CharField(max_length=253)
    asked_of = models.CharField(max_length=200, help_text="the registry or registrar")
    right = models.CharField(max_length=500, help_text="under which law or policy it was asked")
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="when an answer is wanted")
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.OPEN)
    reason = models.CharField(max_length=500, blank=True, help_text="why they did not say it")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True, help_text="who recorded the end")

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "asked_of"],
                name="registrant_request_open_once",
                condition=Q(closed_at=None),
            ),
            models.CheckConstraint(
                name="registrant_request_outcome_known",
                condition=Q(outcome__in=["open", "given", "refused", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="registrant_request_closed_by_somebody",
                condition=Q(outcome="open", closed_at=None, closed_by="")
                | (~Q(outcome="open") & Q(closed_at__isnull=False) & ~Q(closed_by="")),
            ),
            models.CheckConstraint(
                name="registrant_request_with_right",
                condition=~Q(right="") & ~Q(asked_of="") & ~Q(asked_by=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_of} about {self.domain}"


class DiscoveredIdentity(models.Model):
    """By what a discovered organisation is known again; never by its contact.

    One that is an operator is kept apart from the same one as an owner: other people answer there.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, related_name="discovered_as"
    )
    is_operator = models.BooleanField(db_default=False)
    scheme = models.CharField(max_length=12, help_text="handle, domain, network or as-number")
    value = models.CharField(max_length=300)

    class Meta:
        ordering = ["scheme", "value"]
        verbose_name_plural = "discovered identities"
        constraints = [
            models.UniqueConstraint(
                fields=["is_operator", "scheme", "value"], name="discovered_identity_once"
            ),
            models.CheckConstraint(
                name="discovered_identity_scheme_known",
                condition=Q(scheme__in=["handle", "domain", "network", "as-number"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class SoughtSystem(models.Model):
    """One system of unknown owner under one occasion: whose owner was sought, and what became of
    it."""

    class State(models.TextChoices):
        """How far it came."""

        OWNER = "owner", "an owner is known and can be reached"
        OPERATOR = "operator", "only an operator can be asked to pass on"
        HANDED_OVER = "handed-over", "another CSIRT warns"
        BY_HAND = "by-hand", "a person has to do something"
        NOBODY = "nobody", "nobody was found"
        DISOWNED = "disowned", "who was told said that it is not theirs"

    occasion = models.ForeignKey(Occasion, on_delete=models.CASCADE, related_name="sought_systems")
    finding_kind = models.CharField(max_length=64)
    system = models.CharField(max_length=300)
    sought = models.TextField(help_text="core.ladder.Sought as JSON: what was asked about")
    state = models.CharField(max_length=12, choices=State.choices)
    choice = models.TextField(help_text="core.choosing.Choice as JSON: its ladder")
    decided_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, related_name="sought_systems"
    )
    opened_at = models.DateTimeField(
        null=True, help_text="when its case was opened or refreshed from the store"
    )
    operator = models.ForeignKey(
        Organisation,
        on_delete=models.SET_NULL,
        null=True,
        related_name="systems_to_pass_on",
        help_text="who is asked to pass it on",
    )
    to_pass_on = models.TextField(
        blank=True, db_default="", help_text="core.passing_on.SystemToPassOn as JSON"
    )
    read_at = models.DateTimeField(null=True, help_text="when that was read from the store")
    read_with = models.UUIDField(null=True, help_text="the version of the constituency then")

    class Meta:
        ordering = ["occasion", "-last_seen_at", "id"]
        indexes = [models.Index(fields=["system"], name="sought_system_by_system")]
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "finding_kind", "system"], name="sought_system_once"
            )
        ]

    def __str__(self) -> str:
        return self.system


class Disowned(models.Model):
    """What a discovered organisation said is not its own: it is not taken for the owner again."""

    system = models.CharField(max_length=300)
    identity = models.CharField(max_length=320, help_text="core.identity.Identity as text")
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["system", "identity"]
        verbose_name_plural = "disowned systems"
        constraints = [models.UniqueConstraint(fields=["system", "identity"], name="disowned_once")]

    def __str__(self) -> str:
        return f"{self.system}: not of {self.identity}"
