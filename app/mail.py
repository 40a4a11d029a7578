"""Send a mail over SMTP, and say of what fails whether another try may help.

TemporaryMailError  the server is away, busy, or doesn't know us: later, or once the settings are put right
PermanentMailError  the server has refused this letter for good
AddressRefused      the server has refused the address for good: nobody is there
"""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr

from app.reply_codes import is_about_address, read_reply
from app.settings import Settings

TIMEOUT_S = 30.0
TROUBLE_KEPT = 400
FOR_GOOD = 500
# Replies of this range that speak of our account, not of the letter (RFC 4954, RFC 3207).
ABOUT_THE_ACCOUNT = {530, 534, 535, 538}


class MailError(Exception):
    """A letter did not go out; `code` says why in short, `detail` is what the server or the network said."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Take both; the detail is one line."""
        self.code = code
        self.detail = " ".join(detail.split())[:TROUBLE_KEPT]
        super().__init__(f"{self.code}: {self.detail}" if self.detail else self.code)


class TemporaryMailError(MailError):
    """Another try may help."""


class PermanentMailError(MailError):
    """No other try will help."""


class AddressRefused(PermanentMailError):
    """Nor will another letter to this address."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server, and how we are known there."""

    host: str
    port: int
    security: str  # starttls, tls, none
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S

    def send(self, message: EmailMessage) -> None:
        """Hand a mail to the server; when this returns, the server has taken it on."""
        try:
            self._send(message)
        except MailError:
            raise
        except smtplib.SMTPException as error:
            raise self._of_smtp(error) from error
        except ssl.SSLError as error:
            raise TemporaryMailError("mail_tls_failed", self._clean(str(error.reason or error))) from error
        except OSError as error:  # refused, timed out, no such host
            raise TemporaryMailError("mail_unreachable", self._clean(str(error) or type(error).__name__)) from error
        except ValueError as error:  # an address that can't be written in ASCII, a line break in a header
            raise PermanentMailError("mail_not_sendable", self._clean(str(error))) from error

    def _send(self, message: EmailMessage) -> None:
        server = self._connect()
        try:
            self._let_us_in(server)
            # One recipient a letter: whoever is refused is so by an error.
            server.send_message(message, from_addr=parseaddr(self.sender)[1])
            with suppress(smtplib.SMTPException, OSError):
                server.quit()  # the letter is taken on: what goes wrong from here on must not send it twice
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=self._context())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)

    def _let_us_in(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self.security == "starttls":
            if not server.has_extn("starttls"):  # never in clear instead
                raise TemporaryMailError("mail_no_starttls")
            server.starttls(context=self._context())
            server.ehlo()
        if self.user:
            try:
                server.login(self.user, self.password or "")
            except smtplib.SMTPNotSupportedError as error:
                raise TemporaryMailError("mail_login_failed", self._clean(str(error))) from error

    def _context(self) -> ssl.SSLContext:
        return self.ssl_context or ssl.create_default_context()

    def _of_smtp(self, error: smtplib.SMTPException) -> MailError:
        match error:
            case smtplib.SMTPRecipientsRefused():
                found: MailError = self._answered(*next(iter(error.recipients.values())), of="address")
            case smtplib.SMTPAuthenticationError():
                found = TemporaryMailError("mail_login_failed", self._said(error.smtp_code, error.smtp_error))
            case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():  # before any letter is spoken of
                found = TemporaryMailError("mail_answered", self._said(error.smtp_code, error.smtp_error))
            case smtplib.SMTPSenderRefused():
                found = self._answered(error.smtp_code, error.smtp_error, of="sender")
            case smtplib.SMTPResponseException():
                found = self._answered(error.smtp_code, error.smtp_error)
            case smtplib.SMTPNotSupportedError():  # an address beyond ASCII
                found = PermanentMailError("mail_not_sendable", self._clean(str(error)))
            case _:
                found = TemporaryMailError("mail_hung_up", self._clean(str(error)))
        return found

    def _answered(self, code: int, text: bytes | str, *, of: str = "letter") -> MailError:
        said = self._said(code, text)
        if code in ABOUT_THE_ACCOUNT:
            return TemporaryMailError("mail_login_failed", said)
        if code < FOR_GOOD:
            return TemporaryMailError("mail_answered", said)
        # To the whole letter a bare 550 may be said as well: there only what names the address counts.
        _, status = read_reply(said)
        names_it = of == "address" or (of == "letter" and status is not None and not status.startswith("5.0."))
        kind = AddressRefused if names_it and is_about_address(code, status, said) else PermanentMailError
        return kind("mail_answered", said)

    def _said(self, code: int, text: bytes | str) -> str:
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return self._clean(f"{code} {words}")

    def _clean(self, text: str) -> str:
        """Keep the password out of what is stored and shown, should a server repeat it."""
        return text.replace(self.password, "…") if self.password else text


def mailer_of(settings: Settings) -> Mailer | None:
    """Make the mailer that the settings ask for; None without a mail server: letters wait."""
    if not settings.smtp_host:
        return None
    return Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.mail_from,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )
