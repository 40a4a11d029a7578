"""A real mail server in a thread, for tests that send letters."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
USER, PASSWORD = "seuil", "wachtwoord-xyzzy"
HANG_UP = "hang up"  # the answer that is none


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


@dataclass
class Desk:
    """What a server answers, and what it has taken on."""

    answers: list[str] = field(default_factory=list)  # to DATA, one a letter; then 250
    to_recipient: str = ""
    to_sender: str = ""
    to_quit: str = ""
    raw: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def letters(self) -> list[EmailMessage]:
        """Parse what came in."""
        parsed = [message_from_bytes(raw, policy=policy.default) for raw in self.raw]
        return [letter for letter in parsed if isinstance(letter, EmailMessage)]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_sender:
            return self.to_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - likewise
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        answer = self.answers.pop(0) if self.answers else "250 taken on"
        if answer == HANG_UP:
            assert server.transport is not None
            server.transport.close()
            return "421 bye"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.raw.append(envelope.content)
        return answer

    async def handle_QUIT(self, server: SMTP, _: Session, __: Envelope) -> str:  # noqa: N802 - likewise
        if self.to_quit == HANG_UP:
            assert server.transport is not None
            server.transport.close()
        return self.to_quit or "221 bye"


@contextmanager
def mail_server(
    desk: Desk | None = None, *, certificate: Path | None = None, ascii_only: bool = False
) -> Iterator[Desk]:
    """Listen on a free port; with a certificate, STARTTLS and the account of this module are asked for."""
    desk = desk or Desk()
    desk.port = free_port()
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": _let_in,
        }
    controller = Controller(desk, hostname=HOST, port=desk.port, enable_SMTPUTF8=not ascii_only, **options)
    controller.start()
    try:
        yield desk
    finally:
        controller.stop()


def _let_in(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
    known = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


def make_certificate(folder: Path) -> Path:
    """Write a certificate for this machine that nobody has signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "mail.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
