"""A letter written to a file, to be looked at before anybody gets it: as a mail, a page or text."""

from datetime import datetime
from pathlib import Path

from app.errors import BadInput
from app.letter_view import Body
from app.letters import compose, html_of, text_of


def write_preview(  # noqa: PLR0913 - all that a letter is composed of, and where to
    content: Body,
    path: Path,
    *,
    to: str,
    sender: str,
    message_id: str,
    base_url: str,
    unsubscribe_url: str,
    sent_on: datetime,
) -> None:
    """Write a letter as the file's ending asks: .eml (the whole mail), .html (one page, pictures inside), .txt."""
    suffix = path.suffix.lower()
    if suffix == ".eml":
        message = compose(
            content,
            to=to,
            sender=sender,
            message_id=message_id,
            base_url=base_url,
            unsubscribe_url=unsubscribe_url,
            sent_on=sent_on,
        )
        path.write_bytes(message.as_bytes())
    elif suffix in {".html", ".htm"}:
        path.write_text(html_of(content, to=to, base_url=base_url, unsubscribe_url=unsubscribe_url), encoding="utf-8")
    elif suffix == ".txt":
        path.write_text(text_of(content, to=to, base_url=base_url, unsubscribe_url=unsubscribe_url), encoding="utf-8")
    else:
        raise BadInput("bad_preview_suffix", {"name": path.name})
