"""Mail servers that behave well or badly on purpose, on real sockets on loopback.

`ScriptedPeer` speaks just enough SMTP to answer each step as told; `certificates` makes the
authority and server certificates that the TLS tests need.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from baken.specimen.mail_server import MailFolder

HANG_UP: Final = "(hangs up)"
SILENCE: Final = "(says nothing)"
PIPELINING: Final = "250-peer.example\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES"
"""What a server says to EHLO that takes several commands in one packet."""

_USUAL: Final = {
    "greeting": "220 peer.example ready",
    "EHLO": "250-peer.example\r\n250 ENHANCEDSTATUSCODES",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "end": "250 2.0.0 taken",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class ScriptedPeer:
    """An SMTP server that answers each step as `replies` say: once each, the last one for ever.

    Steps are ``greeting``, the commands, and ``end`` (the final dot). A reply may also be
    `HANG_UP` or `SILENCE`. A step without a reply gets the usual one.
    """

    def __init__(self, **replies: str | Sequence[str]) -> None:
        self._replies = {
            step: [reply] if isinstance(reply, str) else list(reply)
            for step, reply in {**_USUAL, **replies}.items()
        }
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.heard: list[str] = []
        """Every command line, in order."""
        self.mails: list[bytes] = []
        """Every mail whose final dot came, as it was on the line."""
        self.connections = 0
        self.reads = 0
        """How often something came: where each command waits for a reply, one for each."""
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            with connection, contextlib.suppress(OSError):
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        with io.BufferedReader(_Counted(connection, self)) as lines:
            step = "greeting"
            while self._answers(connection, step):
                if step == "DATA" and self._said.startswith("354"):
                    self.mails.append(_mail_until_the_dot(lines))
                    step = "end"
                    continue
                line = lines.readline()
                if not line:
                    return
                self.heard.append(line.decode(errors="replace").rstrip("\r\n"))
                step = self.heard[-1].split(" ", 1)[0].upper()

    def _answers(self, connection: socket.socket, step: str) -> bool:
        waiting = self._replies.get(step, ["502 5.5.1 what?"])
        self._said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if self._said == HANG_UP:
            return False
        if self._said != SILENCE:
            connection.sendall(self._said.encode() + b"\r\n")
        return step != "QUIT" and not self._said.startswith("421")


class _Counted(io.RawIOBase):
    """What comes over a connection, and how often."""

    def __init__(self, connection: socket.socket, peer: ScriptedPeer) -> None:
        super().__init__()
        self._connection = connection
        self._peer = peer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._connection.recv_into(buffer)
        self._peer.reads += bool(size)
        return size


def _mail_until_the_dot(lines: io.BufferedReader) -> bytes:
    mail = [b""]
    while mail[-1] != b".\r\n":
        mail.append(lines.readline())
        if not mail[-1]:
            raise OSError("hung up before the final dot")
    return b"".join(mail)


@contextlib.contextmanager
def hanging_up_during_data() -> Iterator[int]:
    """The port of a server that hears the first kilobytes of a mail, and cuts the connection."""

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 ready\r\n")
            for reply in (b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
                lines.readline()
                connection.sendall(reply)
            lines.read(2048)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=10)


class EnvelopeFolder(MailFolder):
    """Keeps mails, and remembers under which envelope each came."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.envelopes: list[tuple[str | None, list[str]]] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Remembers the envelope, then keeps the mail."""
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return await super().handle_DATA(server, session, envelope)


@dataclass(frozen=True)
class Authenticator:
    """Lets in whoever knows the password, and remembers who tried."""

    password: str
    tried: list[bytes]

    def __call__(self, *asked: object) -> AuthResult:
        """What aiosmtpd asks for each AUTH; the login comes last."""
        login = asked[-1]
        assert isinstance(login, LoginPassword)
        self.tried.append(login.password)
        is_right = login.password == self.password.encode()
        return AuthResult(success=is_right, handled=False)


@dataclass(frozen=True)
class Certificates:
    """An authority's certificate, and a server's that it signed."""

    authority: Path
    server: ssl.SSLContext


def certificates(folder: Path, *, name: str, host: str = "127.0.0.1") -> Certificates:
    """A fresh authority called `name`, and a server certificate for `host` signed by it."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = _name(f"{name} test authority")
    authority = (
        _builder(authority_name, authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name("peer"), authority_name, key)
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    authority_path = folder / f"{name}-authority.pem"
    authority_path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain = folder / f"{name}-server.pem"
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    return Certificates(authority=authority_path, server=context)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
