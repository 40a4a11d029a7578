"""Any balanced books, written in any dialect, read back the same."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files.fec import QuarantinedEntry, Reading, read_entries, sniff
from connectors.records import LedgerEntry, LedgerLine

HEADER = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
]


Multiset = tuple[str, date, str, date | None, frozenset[tuple[tuple[object, ...], int]]]


def multiset(entry: LedgerEntry | QuarantinedEntry) -> Multiset:
    assert isinstance(entry, LedgerEntry)
    lines = Counter(tuple(line)[1:] for line in entry.lines)
    return (entry.external_id, entry.entry_on, entry.piece_ref, entry.valid_on, frozenset(lines.items()))


words = st.text(st.characters(codec="iso8859-15", categories=["L", "Nd"]), min_size=1, max_size=8)
days = st.integers(0, 364).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@st.composite
def books(draw: st.DrawFn) -> list[LedgerEntry]:
    names = draw(st.lists(st.tuples(st.sampled_from(["VT", "AC", "BQ"]), words), unique=True, min_size=1, max_size=6))
    return [draw(balanced(journal, number)) for journal, number in names]


@st.composite
def balanced(draw: st.DrawFn, journal: str, number: str) -> LedgerEntry:
    debits = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=3))
    amounts = [(amount, 0) for amount in debits] + [(0, sum(debits))]
    made = [
        LedgerLine(
            0,
            draw(st.sampled_from(["411000", "706000", "445710", "512000"])),
            draw(words),
            draw(words),
            draw(words),
            draw(words),
            debit,
            credit,
            draw(st.sampled_from(["", "A", "AB"])),
            draw(st.none() | days),
            None,
        )
        for debit, credit in amounts
    ]
    return LedgerEntry(
        fiscal_year=2026,
        journal=journal,
        journal_label=draw(words),
        number=number,
        entry_on=draw(days),
        piece_ref=draw(words),
        piece_on=draw(days),
        valid_on=draw(days),
        lines=made,
    )


def written(entry: LedgerEntry, *, signed: bool, pad: str) -> Iterator[list[str]]:
    for line in entry.lines:
        debit, credit = (f"{pad}{n // 100},{n % 100:02d}" for n in (line.debit_minor, line.credit_minor))
        amounts = [debit, "D"] if line.debit_minor else [credit, "C"]
        dates = [f"{on:%Y%m%d}" if on else "" for on in (entry.piece_on, line.lettered_on, entry.valid_on)]
        yield [
            *(entry.journal, entry.journal_label, entry.number, f"{entry.entry_on:%Y%m%d}"),
            *(line.account, line.account_label, line.party, line.party_label),
            *(entry.piece_ref, dates[0], line.label),
            *(amounts if signed else [debit, credit]),
            *(line.lettering, dates[1], dates[2], "", ""),
        ]


@st.composite
def dialects(draw: st.DrawFn) -> tuple[str, str, str]:
    separator, newline = draw(st.sampled_from("\t|")), draw(st.sampled_from(["\n", "\r\n"]))
    return separator, newline, draw(st.sampled_from(["utf-8", "utf-8-sig", "iso8859-15"]))


@settings(deadline=None, max_examples=60)
@given(
    entries=books(),
    dialect=dialects(),
    signed=st.booleans(),
    pad=st.sampled_from(["", " 000", "+"]),
    order=st.randoms(use_true_random=False) | st.none(),
    columns=st.permutations(range(18)),
)
def test_balanced_books_written_in_any_dialect_read_back_the_same(
    entries: list[LedgerEntry],
    dialect: tuple[str, str, str],
    *,
    signed: bool,
    pad: str,
    order: Random | None,
    columns: list[int],
) -> None:
    separator, newline, encoding = dialect
    header = [*HEADER[:11], "Montant", "Sens", *HEADER[13:]] if signed else HEADER
    rows = [cells for entry in entries for cells in written(entry, signed=signed, pad=pad)]
    if order is not None:
        order.shuffle(rows)
    text = newline.join(separator.join(cells[at] for at in columns) for cells in [header, *rows])
    reading = Reading()
    content = text.encode(encoding)
    found = read_entries(lambda: content.splitlines(keepends=True), sniff(content, "f"), reading=reading)
    assert Counter(map(multiset, found)) == Counter(map(multiset, entries))
    assert reading.debit_minor == reading.credit_minor
    assert not reading.faults.counts
