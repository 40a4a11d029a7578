"""Read the mails in which mail servers say what became of a letter they had taken on (RFC 3464, RFC 6533).

A report is a part of a mail, and stands beside the letter it is about, or the letter's head. Nothing here believes it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.parser import HeaderParser

LARGEST_MAIL = 5 * 1024 * 1024
SAID_KEPT, ADDRESS_KEPT, STATUS_KEPT, MOST_ADDRESSES = 400, 254, 20, 50
FAILED, DELAYED = "failed", "delayed"
ACTIONS = frozenset({FAILED, DELAYED, "delivered", "relayed", "expanded"})

_REPORTS = {"message/delivery-status", "message/global-delivery-status"}
_LETTERS = {"message/rfc822", "message/global"}
_HEADS = {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
_OTHERS = {"disposition-notification": "bounce_receipt", "feedback-report": "bounce_complaint"}
_ID = re.compile(r"<([^<>\s]{1,255})>")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")


class NoReport(Exception):
    """A mail is no delivery report; `code` says what it is instead."""

    def __init__(self, code: str) -> None:
        """Take the code."""
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Said:
    """What a report says of one address: what was done, the status, and the other server's words."""

    action: str
    status: str
    text: str
    address: str  # the last one it was delivered to
    original: str  # the one we had written to; may be empty


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report: an id that stays the same when it is read again, and the Message-ID of the letter."""

    id: str
    message_id: str | None
    said: tuple[Said, ...]


def read_report(raw: bytes) -> Report:
    """Read a mail that came back; raises NoReport for any other mail."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        parts = list(_parts(mail))
        reports = [part for part in parts if part.get_content_type() in _REPORTS]
        if not reports:
            raise NoReport(_other(mail))
        blocks = list(_blocks(reports[0]))
        said = tuple(_said(block) for block in blocks if "action" in block or "final-recipient" in block)
    except (RecursionError, ValueError, LookupError) as error:  # written to be in the way
        raise NoReport("bounce_unreadable") from error
    if not said:
        raise NoReport("bounce_unreadable")
    return Report(_digest(mail, raw), _returned_id(mail, parts, blocks), said[:MOST_ADDRESSES])


def _parts(mail: Message) -> Iterator[Message]:
    """Give the parts of a mail, but not those of mails inside it: somebody may send a report on."""
    inside = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(inside, list):
        for part in inside:
            if isinstance(part, Message):
                yield from _parts(part)
    else:
        yield mail


def _other(mail: Message) -> str:
    kind = str(mail.get_param("report-type", "")).lower()
    if mail.get_content_type() == "multipart/report" and kind in _OTHERS:
        return _OTHERS[kind]
    answers_itself = _header(mail, "auto-submitted").lower().partition(";")[0].strip() not in {"", "no"}
    if answers_itself or any(name in mail for name in ("x-autoreply", "x-autorespond")):
        return "bounce_auto_reply"
    return "bounce_other_mail"


def _blocks(report: Message) -> Iterator[Message]:
    """Give the blocks of a report: the first is about the letter, each further one about an address."""
    inside = report.get_payload()
    blocks = [one for one in inside if isinstance(one, Message)] if isinstance(inside, list) else []
    for block in blocks:
        yield block
        rest = block.get_payload()  # of the international form the parser sees no blocks but the first
        for text in _BLANK_LINE.split(rest) if isinstance(rest, str) else []:
            yield HeaderParser(policy=policy.compat32).parsestr(text.lstrip("\r\n"))


def _said(block: Message) -> Said:
    action = _header(block, "action").lower().partition(" ")[0]
    status = re.match(r"[245]\.\d{1,3}\.\d{1,3}", _header(block, "status"))
    kind, semicolon, text = _header(block, "diagnostic-code").partition(";")
    return Said(
        action=action if action in ACTIONS else "",
        status=status.group()[:STATUS_KEPT] if status else "",
        text=_one_answer((text if semicolon else kind).strip())[:SAID_KEPT],
        address=_address(block, "final-recipient"),
        original=_address(block, "original-recipient"),
    )


def _one_answer(text: str) -> str:
    """Take the codes out that an answer in several lines repeats."""
    found = re.match(r"([245]\d\d)[ -](#?[245]\.\d{1,3}\.\d{1,3})?", text)
    if not found:
        return text
    again = rf" {found.group(1)}[ -]" + (rf"{re.escape(found.group(2))} ?" if found.group(2) else "")
    return found.group() + re.sub(again, " ", text[found.end() :])


def _address(block: Message, name: str) -> str:
    kind, semicolon, address = _header(block, name).partition(";")
    return (address if semicolon else kind).strip().strip("<>")[:ADDRESS_KEPT]


def _returned_id(mail: Message, parts: list[Message], blocks: list[Message]) -> str | None:
    """Find the Message-ID of the letter: in what came back of it, else where some servers repeat it."""
    heads = [head for head in map(_head, parts) if head is not None]
    places = [(head, "message-id") for head in heads]
    places += [(block, "x-original-message-id") for block in blocks[:1]] + [(mail, "in-reply-to")]
    for message, name in places:
        found = _ID.search(_header(message, name))
        if found:
            return found.group(1)
    return None


def _head(part: Message) -> Message | None:
    """Give the returned letter, or its head; None for any other part."""
    kind, inside = part.get_content_type(), part.get_payload()
    if kind in _HEADS and not isinstance(inside, list):
        text = part.get_payload(decode=True)
        return HeaderParser(policy=policy.compat32).parsestr(
            (text if isinstance(text, bytes) else b"").decode("utf-8", "replace").lstrip("\r\n")
        )
    if kind in _LETTERS | _HEADS and isinstance(inside, list) and inside:
        return inside[0] if isinstance(inside[0], Message) else None
    return None


def _header(message: Message, name: str) -> str:
    """Give a header in one line, without what no line should hold."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(message.get(name, ""))).split())


def _digest(mail: Message, raw: bytes) -> str:
    own = _header(mail, "message-id")
    return hashlib.sha256(own.encode() if own else raw).hexdigest()
