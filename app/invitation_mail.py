"""The mail of an invitation: one link, in the inviter's language; sent at once: whoever invites waits for it."""

from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from app.mail import MailError, mailer_of
from app.settings import Settings
from app.wording import label, say


def send_invitation(settings: Settings, offered: Mapping[str, Any], link: str, language: str) -> str | None:
    """Hand an invitation to the mail server. Give None if it took it, else the trouble's code and what was said."""
    mailer = mailer_of(settings)
    if mailer is None:
        return "mail_no_server"
    try:
        mailer.send(invitation_mail(settings.mail_from, offered, link, language))
    except MailError as error:
        return str(error)
    return None


def invitation_mail(sender: str, offered: Mapping[str, Any], link: str, language: str) -> EmailMessage:
    """Write the mail; `offered` has email, role, company (its name, or None for all) and made_by."""
    params = {
        "by": str(offered["made_by"]),
        "role": label("reader_role", str(offered["role"]), language),
        "company": str(offered["company"] or say("every_company", {}, language)),
        "link": link,
    }
    mail = EmailMessage()
    mail["Subject"] = " ".join(say("invitation_subject", params, language).split())
    mail["From"], mail["To"] = sender, str(offered["email"])
    lines = ("invitation_offers", "invitation_link", "invitation_ends")
    mail.set_content("\n\n".join(say(code, params, language) for code in lines) + "\n")
    return mail
