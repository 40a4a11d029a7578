"""Whom a refusal is about, by what a mail server says: the address, or the letter (RFC 5321, RFC 3463).

An address that is gone gets no more letters; a letter that was taken for spam says nothing of its address.
"""

import re

ADDRESS_CODES = frozenset({550, 551, 553})
# Unknown, moved, ambiguous or unreadable mailboxes and domains; 5.1.7 and 5.1.8 are the sender's, 5.2.2 is a full one.
ADDRESS_STATUSES = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
# Microsoft 365 of an address its directory does not know; a host that answers can't mean "no answer from host".
EDGE_STATUS, EDGE_WORDS = "5.4.1", "recipient address rejected"
# A bare 550 is also what servers say that don't relay for us, or don't like where we come from.
ABOUT_US = re.compile(
    r"relay|spam|black|block|polic|reputation|authenti|rcpthosts|denied|spf|dkim|dmarc", re.IGNORECASE
)

_ENHANCED = r"#?([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)"
_AT_START = re.compile(rf"\s*(?:([245]\d\d)[ -]?)?\s*(?:{_ENHANCED})?")
_MARKED = re.compile(rf"#{_ENHANCED[2:]}")  # qmail puts it at the end: (#5.1.1)


def read_reply(text: str) -> tuple[int | None, str | None]:
    """Give the code and the enhanced status that a reply begins with: `550 5.1.1 no such user`."""
    found = _AT_START.match(text)
    code, status = found.groups() if found else (None, None)
    marked = _MARKED.search(text)
    return int(code) if code else None, status or (marked.group(1) if marked else None)


def is_about_address(code: int | None, status: str | None, text: str) -> bool:
    """Say whether a permanent refusal means that nobody is there, as far as can be told."""
    if status == EDGE_STATUS:
        return EDGE_WORDS in text.lower()
    if status is None or status.startswith("5.0."):
        return (code is None or code in ADDRESS_CODES) and not ABOUT_US.search(text)
    return status in ADDRESS_STATUSES
