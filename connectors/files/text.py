"""Text files as people hand them over: the encoding, the line endings, and what is not text at all."""

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from connectors.errors import NotThisFormat

HEAD_BYTES = 65_536
"""How much of a file its format is told from."""

_C1 = bytes(range(0x80, 0xA0))
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf_file"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet_file"),
    (b"\x1f\x8b", "archive_file"),
    (b"<?xml", "xml_file"),
    (codecs.BOM_UTF8 + b"<?xml", "xml_file"),
    (codecs.BOM_UTF16_LE, "utf16_file"),
    (codecs.BOM_UTF16_BE, "utf16_file"),
)


def refuse_other_formats(head: bytes, name: str) -> None:
    """Refuse a file that is empty or not plain text; raises NotThisFormat naming what it is."""
    code = _other_format(head)
    if code:
        raise NotThisFormat(code, {"name": name})


def _other_format(head: bytes) -> str:
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        return "empty_file"
    if head.startswith(b"PK\x03\x04"):
        return "spreadsheet_file" if b"[Content_Types].xml" in head or b"mimetype" in head[:64] else "archive_file"
    for signature, code in _SIGNATURES:
        if head.startswith(signature):
            return code
    if b"\x00" not in head:
        return ""
    # Latin text in UTF-16 without a mark: every other byte is zero.
    zeros = max(head[0::2].count(0), head[1::2].count(0))
    return "utf16_file" if zeros * 3 > len(head) // 2 else "binary_file"


def sniff_encoding(head: bytes) -> str:
    """Tell the encoding: utf-8-sig, utf-8, cp1252, iso8859-15, or ascii where nothing says more.

    UTF-8 is told line by line, so that one damaged line does not garble the rest of a file.
    """
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.isascii():
        return "ascii"
    lines = head.splitlines()
    marked = [line for line in lines if not line.isascii()]
    good = sum(is_utf8(line, cut=line is lines[-1]) for line in marked)
    return "utf-8" if good * 2 > len(marked) else single_byte(head)


def is_utf8(line: bytes, *, cut: bool = False) -> bool:
    """Say whether a line reads as UTF-8; `cut`: it may stop within a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line, final=not cut)
    except UnicodeDecodeError:
        return False
    return True


def single_byte(sample: bytes) -> str:
    """Tell Windows' encoding from ISO 8859-15, where 0x80 to 0x9F are control characters nobody types."""
    return "cp1252" if len(sample.translate(None, _C1)) < len(sample) else "iso8859-15"


def decode(line: bytes, encoding: str) -> tuple[str, bool]:
    """Decode a line; one that is not in the file's encoding is read as cp1252, and the flag says so."""
    try:
        return line.decode(encoding), False
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace"), True


def newline_of(head: bytes) -> str:
    r"""Tell the line ending: "\r\n", "\n" or, on old systems, "\r" alone."""
    if b"\n" not in head:
        return "\r" if b"\r" in head else "\n"
    return "\r\n" if b"\r\n" in head else "\n"


def lines_of(stream: BinaryIO, newline: str) -> Iterator[bytes]:
    """Give the lines of a file without holding it, whatever ends them (a file's own iteration knows one ending)."""
    if newline != "\r":
        for line in stream:  # a NUL, which old software pads with, is no text and no database takes it
            yield line.replace(b"\0", b"") if b"\0" in line else line
        return
    rest = b""
    while block := stream.read(HEAD_BYTES):
        *lines, rest = (rest + block).split(b"\r")
        yield from lines
    if rest:
        yield rest


def lines_in(path: Path, newline: str) -> Iterator[bytes]:
    """Give the lines of a file on disk, closing it after the last."""
    with path.open("rb") as stream:
        yield from lines_of(stream, newline)


def single_lines(lines: Iterable[bytes], newline: str) -> Iterator[bytes]:
    """Split elements that hold several lines, as a file's own iteration gives them when a lone return ends lines."""
    if newline != "\r":
        return iter(lines)
    return (part for line in lines for part in line.removesuffix(b"\r").split(b"\r"))
