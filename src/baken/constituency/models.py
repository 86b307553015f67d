"""The tables of the constituency."""

from __future__ import annotations

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from baken.constituency.fields import CidrField
from baken.core.language import Language
from baken.core.routes import Scope

LANGUAGES = [(language.value, language.own_name) for language in Language]
"""The languages we write in, as Django's choices."""


class Organisation(models.Model):
    """A company or body that is responsible for assets."""

    class Standing(models.TextChoices):
        """Whether the organisation signed up."""

        REGISTERED = "registered", "registered (a participant)"
        DISCOVERED = "discovered", "discovered"

    reference = models.CharField(
        max_length=64, unique=True, help_text="The key under which import and export know it."
    )
    name = models.CharField(max_length=200)
    standing = models.CharField(
        max_length=16, choices=Standing.choices, default=Standing.REGISTERED
    )
    sector = models.CharField(max_length=64, blank=True)
    rhythm = models.CharField(
        max_length=8,
        blank=True,
        db_default="",
        help_text="how often what is not urgent goes out; empty: as the service does",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["reference"]
        constraints = [
            models.CheckConstraint(
                name="organisation_standing_known",
                condition=Q(standing__in=["registered", "discovered"]),
            ),
            models.CheckConstraint(
                name="organisation_discovered_has_no_sector",
                condition=Q(standing="registered") | Q(sector=""),
                violation_error_message="Of a discovered organisation no sector is kept.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.reference})"


class Channel(models.TextChoices):
    """The ways to carry a warning; which of them can be used is the table of channels."""

    MAIL = "mail", "mail"
    PHONE = "phone", "phone"
    LETTER = "letter", "letter"
    WEBHOOK = "webhook", "webhook"
    PORTAL = "portal", "portal"


class Contact(models.Model):
    """A person or desk that can act for an organisation; its routes say how it is reached."""

    class Role(models.TextChoices):
        """What the contact is for, in the order in which warnings look for one."""

        SECURITY = "security", "security"
        TECHNICAL = "technical", "technical"
        GENERAL = "general", "general"
        MANAGEMENT = "management", "management"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="contacts"
    )
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.GENERAL)
    language = models.CharField(max_length=2, choices=LANGUAGES, default=Language.NL)
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="in which its mails give times, by its IANA name; empty: the service's",
    )
    channel = models.CharField(
        max_length=16, choices=Channel.choices, default=Channel.MAIL, help_text="preferred"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["organisation", "id"]

    def __str__(self) -> str:
        return self.name or next((route.address for route in self.routes.all()), "")


class Route(models.Model):
    """One way to a contact: a channel and an address, what it is for, and until when it holds."""

    class State(models.TextChoices):
        """Whether it is used."""

        ACTIVE = "active", "active"
        ENDED = "ended", "ended"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="routes")
    channel = models.CharField(max_length=16)
    address = models.CharField(
        max_length=500, help_text="a mail address, a telephone number in E.164, a URL, …"
    )
    scope = models.CharField(
        max_length=8, choices=[(scope.value, scope.value) for scope in Scope], default=Scope.OWNER
    )
    is_inside = models.BooleanField(
        null=True, help_text="the organisation's own address; unsaid: when its domain is"
    )
    source = models.CharField(max_length=64, default="import", help_text="what told us")
    confidence = models.PositiveSmallIntegerField(default=100)
    found_at = models.DateTimeField(db_default=Now())
    valid_until = models.DateTimeField(null=True, help_text="up to, not including")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)

    class Meta:
        ordering = ["contact", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contact", "channel", "address"], name="route_once"),
            models.CheckConstraint(name="route_leads_somewhere", condition=~Q(address="")),
            models.CheckConstraint(
                name="route_phone_is_e164",
                condition=~Q(channel="phone") | Q(address__regex=r"^\+[1-9][0-9]{1,14}$"),
            ),
            models.CheckConstraint(
                name="route_confidence_is_a_percentage", condition=Q(confidence__lte=100)
            ),
            models.CheckConstraint(
                name="route_scope_known",
                condition=Q(scope__in=[scope.value for scope in Scope]),
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Asset(models.Model):
    """A network, AS number or domain of an organisation, from when until when."""

    class Kind(models.TextChoices):
        """What kind of thing it is."""

        NETWORK = "network", "network"
        ASN = "asn", "AS number"
        DOMAIN = "domain", "domain"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="assets")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=255, help_text="192.0.2.0/24, AS64496 or example.nl")
    network = CidrField(null=True)
    asn = models.BigIntegerField(null=True)
    domain = models.CharField(max_length=253, null=True)  # noqa: DJ001 - exactly one is not null
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True, help_text="up to, not including")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["organisation", "kind", "value"]
        indexes = [
            GistIndex(fields=["network"], name="asset_network", opclasses=["inet_ops"]),
            models.Index(fields=["domain"], name="asset_domain"),
            models.Index(fields=["asn"], name="asset_asn"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "value", "valid_from"],
                name="asset_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="asset_is_one_thing",
                condition=(
                    Q(kind="network", network__isnull=False, asn=None, domain=None)
                    | Q(kind="asn", network=None, asn__isnull=False, domain=None)
                    | Q(kind="domain", network=None, asn=None, domain__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="asset_validity_in_order",
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_from__lt=models.F("valid_until")),
            ),
        ]

    def __str__(self) -> str:
        return self.value


class AssetVersion(models.Model):
    """The one row that says which state the assets are in; a trigger renews it with every change.

    A random value and not a count, so that a copy of this database that changed separately never
    has the same.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(name="asset_version_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.version)
