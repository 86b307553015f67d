"""The tables of the constituency."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from baken.constituency.fields import CidrField


class Language(models.TextChoices):
    """The languages we write in."""

    NL = "nl", "Nederlands"
    EN = "en", "English"


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


class Contact(models.Model):
    """A person or desk that can act for an organisation."""

    class Role(models.TextChoices):
        """What the contact is for, in the order in which warnings look for one."""

        SECURITY = "security", "security"
        TECHNICAL = "technical", "technical"
        GENERAL = "general", "general"
        MANAGEMENT = "management", "management"

    class Channel(models.TextChoices):
        """How the contact wants to hear from us."""

        MAIL = "mail", "mail"
        PHONE = "phone", "phone"
        LETTER = "letter", "letter"
        WEBHOOK = "webhook", "webhook"
        PORTAL = "portal", "portal"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="contacts"
    )
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.GENERAL)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=16, blank=True, help_text="E.164, such as +31701234567")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.NL)
    channel = models.CharField(max_length=16, choices=Channel.choices, default=Channel.MAIL)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["organisation", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email", "phone", "role"], name="contact_once"
            ),
            models.CheckConstraint(
                name="contact_can_be_reached", condition=~Q(email="") | ~Q(phone="")
            ),
            models.CheckConstraint(
                name="contact_phone_is_e164",
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{1,14}$"),
            ),
            models.CheckConstraint(
                name="contact_channel_is_possible",
                condition=~Q(channel="mail", email="") & ~Q(channel="phone", phone=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone


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

    def counts_at(self, moment: datetime) -> bool:
        """Whether `moment` lies in its period."""
        if self.valid_from is not None and moment < self.valid_from:
            return False
        return self.valid_until is None or moment < self.valid_until


class AssetVersion(models.Model):
    """The one row that says which state the assets are in; a trigger renews it with every change.

    A random value and not a count: a copy of this database that went its own way never has the
    same.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(name="asset_version_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.version)
