"""Every error a person can see: a stable code, what happened, and what to do next."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Any, ClassVar


class BakenError(Exception):
    """An error with a code, a message and a remedy; the command line shows all three.

    `code` is stable and documented in docs/reference/errors.md. `exit_code` is what a command
    that stops on this error returns.
    """

    code: ClassVar[str] = "baken-error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy} [{self.code}]"


class SettingsError(BakenError):
    """One or more settings are wrong; the message lists them all."""

    code = "settings-wrong"
    exit_code = 78  # EX_CONFIG of sysexits.h


class DatabaseUnavailableError(BakenError):
    """The database does not answer, or is not migrated."""

    code = "database-unavailable"
    exit_code = 69  # EX_UNAVAILABLE


class ReportRefusedError(BakenError):
    """A report file cannot be read at all; the other files are still read."""

    code = "report-refused"
    exit_code = 65  # EX_DATAERR


class ReportTooLargeError(ReportRefusedError):
    """A compressed report unpacks to more than the limits allow."""

    code = "report-too-large"


class ReportInFutureError(ReportRefusedError):
    """A report speaks of a time that has not come: our clock is behind; the others are read."""

    code = "report-in-future"


class ClockBehindError(BakenError):
    """Our clock is behind what was seen already, so nothing is told; set it right."""

    code = "clock-behind"
    exit_code = 75


class ManyDaysExpireError(BakenError):
    """So much of the store expires at once that our clock may be ahead; `baken purge` does it."""

    code = "many-days-expire"
    exit_code = 75


class AssetRefusedError(BakenError):
    """A network, AS number or domain that nobody may register."""

    code = "asset-refused"
    exit_code = 65

    def __init__(self, message: str, *, remedy: str, reason: str) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        """A stable kebab-case key for the rule, such as ``public-suffix``."""


class ImportRefusedError(BakenError):
    """A constituency file cannot be read as a table at all."""

    code = "import-refused"
    exit_code = 65


class OutputRefusedError(BakenError):
    """A file or folder cannot be written."""

    code = "output-refused"
    exit_code = 73  # EX_CANTCREAT


class TextRefusedError(BakenError):
    """A text that is to be kept is empty, too long or not on one line."""

    code = "text-refused"
    exit_code = 65


class SendingHaltedError(BakenError):
    """The switch that stops all sending is on."""

    code = "sending-halted"
    exit_code = 75  # EX_TEMPFAIL


class BrakeError(BakenError):
    """The brake cannot be released as asked."""

    code = "brake-refused"
    exit_code = 65


class AnswerRefusedError(BakenError):
    """An answer to a warning cannot be kept."""

    code = "answer-refused"
    exit_code = 65


class PublicPagesError(BakenError):
    """The public pages do not answer, so nobody who did not sign up may be warned."""

    code = "public-pages-away"
    exit_code = 69


class OccasionError(BakenError):
    """An occasion cannot be made, released or closed as asked."""

    code = "occasion-refused"
    exit_code = 65


class NotFoundError(BakenError):
    """Nothing has that name."""

    code = "not-found"
    exit_code = 66  # EX_NOINPUT


class StoreError(BakenError):
    """The store of observations cannot do what was asked."""

    code = "store-error"
    exit_code = 74  # EX_IOERR


class StoreUnavailableError(StoreError):
    """The store does not answer, or may not be read or written."""

    code = "store-unavailable"
    exit_code = 69


class StoreFullError(StoreError):
    """The store has no room; the report was not taken in, the other files are still read."""

    code = "store-full"


class StoredFileDamagedError(StoreError):
    """A stored file is missing or not as the database lists it; the others are still read."""

    code = "stored-file-damaged"


class ExtraMissingError(BakenError):
    """A setting needs a part of Baken that is not installed."""

    code = "extra-missing"
    exit_code = 78


class SparkUnavailableError(BakenError):
    """The Spark cluster does not answer, or could not finish a job."""

    code = "spark-unavailable"
    exit_code = 69


class PeersUnavailableError(BakenError):
    """No program to compare with can be installed here."""

    code = "peers-unavailable"
    exit_code = 69


class CallRefusedError(BakenError):
    """A call that cannot be recorded so: it is another's, over, or lacks its time."""

    code = "call-refused"
    exit_code = 65


class LetterRefusedError(BakenError):
    """What happened to a letter cannot be recorded so: it was not printed, or came back already."""

    code = "letter-refused"
    exit_code = 65


class About(StrEnum):
    """Whom or what a channel's failure concerns."""

    ADDRESS = "address"
    """It is not valid, closed, or nobody has it: look for another."""
    MAILBOX = "mailbox"
    """It exists and has no room now: ask another, and this one again later; never permanent."""
    MESSAGE = "message"
    """This one is not taken: too large, or its content refused."""
    US = "us"
    """Our settings, our server, the way out: no recipient's doing, and never permanent."""


class ChannelError(Exception):
    """A channel could not hand over one delivery.

    What it is `about` decides whom it concerns, and `permanent` alone decides on retrying: True
    means that the same again would fail again, False means try again later. `uncertain` says the
    connection broke after the message was handed over and before the answer came: it may have
    arrived, and is sent again only under the same id. `reply` is what the other side said, for
    the ledger.
    """

    def __init__(
        self, reply: str, *, about: About, permanent: bool, uncertain: bool = False
    ) -> None:
        super().__init__(reply)
        self.reply = reply
        self.about = about
        self.permanent = permanent
        self.uncertain = uncertain

    def __reduce__(self) -> tuple[Any, ...]:
        """Lets it travel between processes, which the arguments by keyword would prevent."""
        again = partial(
            ChannelError, about=self.about, permanent=self.permanent, uncertain=self.uncertain
        )
        return again, (self.reply,)
