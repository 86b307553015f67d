"""The tables of what came back: answers, calls, letters, and what became of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from baken.outbox.models import Notification


class Call(models.Model):
    """One notification by phone: who is making the call, when it may be made, how it ended.

    A row is made when somebody first asks for the next call. Until then the notification itself,
    which the phone channel accepted, stands for the call that waits (ADR 0030).
    """

    notification = models.OneToOneField(
        Notification, on_delete=models.PROTECT, primary_key=True, related_name="call"
    )
    claimed_by = models.CharField(max_length=100, blank=True)
    claimed_until = models.DateTimeField(null=True, help_text="when the claim lapses")
    not_before = models.DateTimeField(null=True, help_text="when it may be tried again")
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["notification"]
        constraints = [
            models.CheckConstraint(
                name="call_claimed_whole",
                condition=Q(claimed_by="", claimed_until=None)
                | (~Q(claimed_by="") & Q(claimed_until__isnull=False)),
            ),
            models.CheckConstraint(
                name="call_done_is_free", condition=Q(done_at=None) | Q(claimed_by="")
            ),
        ]

    def __str__(self) -> str:
        return f"call of {self.notification_id}"


class Answer(models.Model):
    """What a recipient answered by the link in a message; of one notification the newest counts.

    Append-only: a trigger in the database refuses to change or to delete one.
    """

    class Kind(models.TextChoices):
        """What was answered."""

        SOLVED = "solved", "solved"
        WORKING_ON_IT = "working-on-it", "working on it"
        NOT_OURS = "not-ours", "not ours"
        WRONG_CONTACT = "wrong-contact", "somebody else should get this"
        DO_NOT_CONTACT = "do-not-contact", "do not contact me again"
        PASSED_ON = "passed-on", "passed on, says an operator that was asked to"

    class How(models.TextChoices):
        """By which way it came."""

        PAGE = "page", "on the public page"

    notification = models.ForeignKey(
        Notification, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    text = models.TextField(blank=True, help_text="what was written besides; from outside")
    how = models.CharField(max_length=8, choices=How.choices)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["notification", "number"]
        indexes = [models.Index(fields=["-answered_at"], name="answer_newest")]
        constraints = [
            models.UniqueConstraint(fields=["notification", "number"], name="answer_once")
        ]

    def __str__(self) -> str:
        return f"answer {self.number} to {self.notification_id}: {self.kind}"


class CallAttempt(models.Model):
    """One attempt to make a call, as the caller recorded it.

    Append-only: a trigger in the database refuses to change or to delete one.
    """

    class Outcome(models.TextChoices):
        """How it went."""

        REACHED = "reached", "spoke to the person who is responsible"
        LEFT_WORD = "left-word", "left a message"
        NO_ANSWER = "no-answer", "nobody answered"
        CALL_BACK = "call-back", "call back later"
        WRONG_NUMBER = "wrong-number", "wrong number"
        NOT_THEIRS = "not-theirs", "they say that it is not theirs"

    call = models.ForeignKey(
        Call, on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    call_again_at = models.DateTimeField(null=True, help_text="when they asked to be called")

    class Meta:
        ordering = ["call", "number"]
        constraints = [
            models.UniqueConstraint(fields=["call", "number"], name="call_attempt_once"),
            models.CheckConstraint(
                name="call_attempt_called_back_when",
                condition=Q(call_again_at=None) | Q(outcome="call-back"),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.call_id}: {self.outcome}"


class LetterBatch(models.Model):
    """Letters that are printed together; *intended* until its files are written."""

    made_at = models.DateTimeField()
    folder = models.TextField(help_text="where its files go: a crash does not change that")
    written_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "letter batches"

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Letter(models.Model):
    """One notification by letter in its batch: no letter is in two."""

    notification = models.OneToOneField(
        Notification, on_delete=models.PROTECT, primary_key=True, related_name="letter"
    )
    # `letter_number_once` is the index by batch.
    batch = models.ForeignKey(
        LetterBatch, on_delete=models.PROTECT, related_name="letters", db_index=False
    )
    number = models.PositiveIntegerField()

    class Meta:
        ordering = ["batch", "number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="letter_number_once")
        ]

    def __str__(self) -> str:
        return f"letter {self.number} of batch {self.batch_id}"


class LetterFact(models.Model):
    """What became of a letter, as somebody recorded it.

    Append-only: a trigger in the database refuses to change or to delete one.
    """

    class Fact(models.TextChoices):
        """What happened."""

        SENT = "sent", "posted"
        RETURNED = "returned", "came back"

    class Reason(models.TextChoices):
        """Why a letter came back."""

        UNDELIVERABLE = "undeliverable", "the address is not known"
        MOVED = "moved", "moved away"
        REFUSED = "refused", "not taken"
        NOT_COLLECTED = "not-collected", "not collected"

    # `letter_fact_once` is the index by letter.
    letter = models.ForeignKey(
        Letter, on_delete=models.PROTECT, related_name="facts", db_index=False
    )
    fact = models.CharField(max_length=8, choices=Fact.choices)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["letter", "id"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "fact"], name="letter_fact_once"),
            models.CheckConstraint(
                name="letter_returned_why",
                condition=Q(fact="returned", reason__gt="") | Q(fact="sent", reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id}: {self.fact}"
