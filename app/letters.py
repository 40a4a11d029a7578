"""Compose a letter: from its content as kept, a mail in its reader's language, with its charts inside."""

from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any

import css_inline

from app.letter_text import letter_text
from app.letter_view import Body, LetterView, Picture
from app.letter_words import letter_view, one_line
from app.pictures import chart_png
from app.site import environment

CID_HOST = "charts.seuil"
LINE, LONGEST_LINE = 76, 900  # octets; RFC 5322 asks for 78 and allows 998


class LetterPolicy(EmailPolicy):
    """How a letter's headers are written out, where Python's own policy does harm.

    It turns a long address into encoded words, which no mail program takes for an address (RFC 2369), and loses spaces
    where it breaks a long line of them.
    """

    def fold(self, name: str, value: Any) -> str:
        """Write a header out in lines."""
        return self._ours(name, str(value)) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Do the same in bytes."""
        ours = self._ours(name, str(value))
        return ours.encode("ascii") if ours else super().fold_binary(name, value)

    def _ours(self, name: str, value: str) -> str:
        if name.lower() in {"list-unsubscribe", "message-id"} and value.isascii() and len(value) < LONGEST_LINE:
            return f"{name}: {value}{self.linesep}"
        if name.lower() == "subject":
            charset = "us-ascii" if value.isascii() else "utf-8"
            header = Header(value, charset, maxlinelen=LINE, header_name=name)
            return f"{name}: {header.encode(linesep=self.linesep)}{self.linesep}"
        return ""


POLICY = LetterPolicy(linesep="\r\n", cte_type="7bit")


def compose(
    content: Body,
    *,
    to: str,
    sender: str,
    message_id: str,
    base_url: str,
    unsubscribe_url: str,
    sent_on: datetime,
) -> EmailMessage:
    """Write a mail: text, and HTML with its pictures attached, in the language of the content."""
    view = letter_view(content, email=to, base_url=base_url, unsubscribe_url=unsubscribe_url)
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(sender)
    message["To"] = _address(to)
    message["Subject"] = one_line(view.subject)
    message["Date"] = format_datetime(sent_on)
    message["Message-ID"] = f"<{one_line(message_id).strip('<>')}>"
    message["List-Unsubscribe"] = f"<{one_line(unsubscribe_url)}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message["X-Seuil-Period"] = one_line(str(content["period"]))
    message.set_content(letter_text(view), cte="quoted-printable")
    message.add_alternative(letter_html(view, lambda one: f"cid:{_cid(one)}"), subtype="html", cte="quoted-printable")
    message["Content-Language"] = view.language  # now: what begins with Content goes down to the first part
    page = message.get_payload()[1]  # type: ignore[index] # the second of the alternatives just made
    for picture in view.pictures:
        png = chart_png(str(picture.svg))
        page.add_related(  # type: ignore[union-attr] # likewise
            png, "image", "png", cid=f"<{_cid(picture)}>", disposition="inline", filename=f"{picture.name}.png"
        )
    return message


def html_of(content: Body, *, to: str, base_url: str, unsubscribe_url: str) -> str:
    """Write a letter as one page that brings its pictures along, to be looked at in a browser."""
    view = letter_view(content, email=to, base_url=base_url, unsubscribe_url=unsubscribe_url)

    def source(picture: Picture) -> str:
        return "data:image/png;base64," + b64encode(chart_png(str(picture.svg))).decode()

    return letter_html(view, source)


def text_of(content: Body, *, to: str, base_url: str, unsubscribe_url: str) -> str:
    """Write a letter as text."""
    return letter_text(letter_view(content, email=to, base_url=base_url, unsubscribe_url=unsubscribe_url))


def letter_html(view: LetterView, source: Callable[[Picture], str]) -> str:
    """Lay a letter out, its styles put into the tags: many mail programs read no others."""
    page = environment(view.language).get_template("mail/letter.html").render(view=view, source=source)
    return _inliner().inline(page)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        keep_style_tags=False, keep_at_rules=True, minify_css=True, load_remote_stylesheets=False
    )


def _cid(picture: Picture) -> str:
    return f"{picture.name}@{CID_HOST}"


def _address(text: str) -> Address:
    """Read an address with or without a name; a line break in it would be another header, and is taken out."""
    name, address = parseaddr(one_line(text))
    user, _, domain = address.rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return Address(display_name=name, username=user, domain=domain)
