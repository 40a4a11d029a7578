"""Lines gathered into runs of one entry, in bounded memory.

In most files the lines of an entry follow each other: a run is then an entry. Some software sorts by date or by
account, which scatters them. A first, quick pass over the file finds which entries are scattered (usually none); the
second gives the others as they come and holds the scattered ones back, on disk when they are many.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import NamedTuple, Self

from connectors.errors import BadPayload
from connectors.files.fec_dialect import Dialect, split_fields
from connectors.files.fec_fields import parse_day
from connectors.files.text import is_utf8, single_byte, single_lines

Line = tuple[int, bytes]
"""A line's number in the file, from 1, and its bytes without the ending."""

KeyOf = Callable[[bytes], bytes | None]
"""Which entry a line belongs to, by journal and number; None for a line that does not say."""

_BLANK = b' \t|"\x1a\xef\xbb\xbf'
_UNIT_SEPARATOR = 0x1F
_MARK_BITS = 27  # 16 MiB of marks: of 300 000 entries in their place, 0.1 % are held back for nothing
_PARTS = 32
_IN_MEMORY = 1 << 20


class Run(NamedTuple):
    """Lines of one entry; without a key, one line that belongs to none.

    `strays` stood among them without a key; `beside`: such a line stands right before or after them, and may be the
    rest of one of theirs.
    """

    key: bytes | None
    lines: list[Line]
    strays: frozenset[int] = frozenset()
    beside: bool = False


def numbered(lines: Iterable[bytes], newline: str) -> Iterator[Line]:
    """Count lines and take their endings off; the header, its repetitions and blank lines are left out."""
    header = b""
    for number, line in enumerate(single_lines(lines, newline), 1):
        bare = line.rstrip(b"\r\n")
        if bare == header or not bare.strip(_BLANK):
            continue
        if header:
            yield number, bare
        else:
            header = bare


def key_reader(dialect: Dialect) -> KeyOf:
    """Make the function that tells which entry a line belongs to.

    An entry without a number goes by its date and reference, never by where it stands in the file.
    """
    separator, gaps = dialect.separator.encode(), len(dialect.columns) - 1
    journal, number = dialect.at("JournalCode"), dialect.at("EcritureNum")
    entry_on, piece_ref = dialect.at("EcritureDate"), dialect.at("PieceRef")
    last = max(journal, number) + 1

    def careful(line: bytes) -> bytes | None:
        # The same text as the line reader's, so that one entry never has two keys.
        fields = [f.strip() for f in split_fields(_text(line), dialect.separator, gaps + 1)]
        whole = len(fields) == gaps + 1
        fields += [""] * (gaps + 2 - len(fields))  # the last one stands for a missing column
        if whole or _dated(fields[entry_on]):
            number_text = fields[number]
            if not number_text and fields[entry_on]:
                number_text = f"~{_day_text(fields[entry_on])}/{fields[piece_ref]}"
            if number_text:
                return f"{fields[journal]}\x1f{number_text}".encode()
        return None

    def key_of(line: bytes) -> bytes | None:
        if line.count(separator) != gaps or b'"' in line:
            return careful(line)
        fields = line.split(separator, last)
        key = fields[journal].strip() + b"\x1f" + fields[number].strip()
        return key if key.isascii() and key[-1] != _UNIT_SEPARATOR else careful(line)

    return key_of


def _text(line: bytes) -> str:
    """Read a line whose encoding nobody has told yet."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _day_text(text: str) -> str:
    """Write a day one way, however it is written."""
    day = _day(text)
    return f"{day:%Y%m%d}" if day else text


def _dated(text: str) -> bool:
    return _day(text) is not None


def _day(text: str) -> date | None:
    try:
        return parse_day(text).on
    except BadPayload:
        return None


@dataclass(slots=True)
class Scan:
    """What the first pass finds: which entries are scattered, and the encoding where the head did not tell."""

    encoding: str
    scattered: set[int] = field(default_factory=set)
    _utf8: int = 0
    _other: int = 0
    _encoding_other: str = "iso8859-15"

    def look(self, line: bytes) -> None:
        """Count a line as UTF-8 or as something else; plain ASCII says nothing."""
        if line.isascii():
            return
        if is_utf8(line):
            self._utf8 += 1
            return
        self._other += 1
        if single_byte(line) == "cp1252":
            self._encoding_other = "cp1252"

    def settle(self) -> None:
        """Choose the encoding that more lines are in."""
        self.encoding = self._encoding_other if self._other > self._utf8 else "utf-8"


def scan(lines: Iterable[Line], key_of: KeyOf, encoding: str) -> Scan:
    """Go over a file once. Entries are marked by a hash: a collision only holds one back without need."""
    found = Scan(encoding)
    look = found.look if encoding == "ascii" else None
    seen = bytearray(1 << (_MARK_BITS - 3))
    scattered = found.scattered
    current: bytes | None = None
    for _, line in lines:
        if look:
            look(line)
        key = key_of(line)
        if key is None or key == current:
            continue
        current = key
        mark = mark_of(key)
        place, bit = mark >> 3, 1 << (mark & 7)
        if seen[place] & bit:
            scattered.add(mark)
        else:
            seen[place] |= bit
    if look:
        found.settle()
    return found


def mark_of(key: bytes) -> int:
    """Give the hash an entry is marked by; the same in every process."""
    return zlib.crc32(key) & ((1 << _MARK_BITS) - 1)


def runs(lines: Iterable[Line], key_of: KeyOf) -> Iterator[Run]:
    """Gather neighbouring lines of one entry; lines without a key join the entry they stand within."""
    current: bytes | None = None
    run: list[Line] = []
    strays: list[Line] = []
    within: list[int] = []
    after_stray = False
    for line in lines:
        key = key_of(line[1])
        if key is None:
            strays.append(line)
        elif key == current:
            if strays:
                run += strays
                within += [number for number, _ in strays]
                strays = []
            run.append(line)
        else:
            yield from _closed(Run(current, run, frozenset(within), after_stray or bool(strays)), strays)
            after_stray = bool(strays)
            current, run, strays, within = key, [line], [], []
    yield from _closed(Run(current, run, frozenset(within), after_stray or bool(strays)), strays)


def _closed(run: Run, strays: list[Line]) -> Iterator[Run]:
    if run.lines:
        yield run
    for stray in strays:
        yield Run(None, [stray], frozenset({stray[0]}))


class Spill:
    """Runs held back until the end, in parts small enough to gather one at a time."""

    def __init__(self) -> None:
        self._parts: dict[int, SpooledTemporaryFile[bytes]] = {}

    def __enter__(self) -> Self:
        """Hold nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of everything, also when the reader stops half way."""
        for part in self._parts.values():
            part.close()

    def hold(self, run: Run) -> None:
        """Put a run aside."""
        key = (run.key or b"").replace(b"\x00", b" ")
        part = self._parts.get(mark_of(key) % _PARTS)
        if part is None:
            part = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed on exit
            self._parts[mark_of(key) % _PARTS] = part
        for number, line in run.lines:
            flags = b"s" * (number in run.strays) + b"b" * run.beside
            part.write(b"%d\x00%s\x00%s\x00%s\n" % (number, flags, key, line))

    def gathered(self) -> Iterator[Run]:
        """Give what was put aside, one run an entry, its lines in the file's order."""
        for place in sorted(self._parts):
            part = self._parts[place]
            part.seek(0)
            yield from _grouped(part)


def _grouped(part: Iterable[bytes]) -> Iterator[Run]:
    lines: dict[bytes, list[Line]] = {}
    strays: dict[bytes, list[int]] = {}
    beside: set[bytes] = set()
    for record in part:
        number, flags, key, line = record[:-1].split(b"\x00", 3)
        lines.setdefault(key, []).append((int(number), line))
        if b"s" in flags:
            strays.setdefault(key, []).append(int(number))
        if b"b" in flags:
            beside.add(key)
    for key, gathered in lines.items():
        yield Run(key, gathered, frozenset(strays.get(key, ())), key in beside)
