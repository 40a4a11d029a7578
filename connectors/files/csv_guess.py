"""A mapping proposed from a file's header and rows, each choice with its reason; what fits twice is left open."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from connectors.errors import BadPayload
from connectors.files.csv_cells import parse_currency
from connectors.files.csv_detect import day_formats
from connectors.files.csv_formats import EPOCH, Cell, currency_of
from connectors.files.csv_mapped import plain_text
from connectors.files.csv_questions import MOST_WORDS, formats_seen, hours_or_amounts, questions, words_in
from connectors.files.csv_synonyms import SYNONYMS
from connectors.files.csv_templates import TEMPLATES, Column, ColumnKind, plain_name
from connectors.files.mapping import DAYS, NUMBERS, WORDS, FileMapping, Taken, column_of
from connectors.files.table import Sample
from connectors.records import Direction, Stream

_OURS, _TOOLS = 200, 100  # a name of our template's is worth more than one of some tool's
_LEAST_NAMES = 0.5
_SUPPLIERS = ("fournisseur", "supplier", "vendor")
_CUSTOMERS = ("client", "customer", "billto")


class Why(StrEnum):
    """Why a column was taken for a field."""

    NAME = "name"
    ONLY = "only"
    UNIQUE = "unique"
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping to be confirmed; `why` by field, and `unsure` the fields for which several columns fit equally."""

    mapping: FileMapping
    why: Mapping[str, Why]
    unsure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Fit:
    score: int
    field: str
    column: str


def propose(
    stream: Stream, sample: Sample, epoch: datetime = EPOCH, currency: str = "EUR", sheet: str = ""
) -> Proposal:
    """Propose how a file is read: columns by their names and contents, formats, words and constants.

    `currency` is the company's, proposed where the file says none.
    """
    fits = sorted(_fits(stream, sample, epoch), key=lambda fit: -fit.score)
    taken: dict[str, str] = {}
    unsure: dict[str, tuple[str, ...]] = {}
    for fit in fits:
        equals = tuple(f.column for f in fits if f.field == fit.field and f.score == fit.score)
        if fit.field in taken or fit.field in unsure or fit.column in taken.values():
            continue
        if len([column for column in equals if column not in taken.values()]) > 1:
            unsure[fit.field] = equals
        else:
            taken[fit.field] = fit.column
    why = dict.fromkeys(taken, Why.NAME)
    _mind_names(sample, taken, why)
    for name, column, reason in _by_content(stream, sample, taken, epoch):
        if name not in unsure:
            taken[name], why[name] = column, reason
    mapping = FileMapping(stream, {name: Taken(column) for name, column in taken.items()}, sheet=sheet)
    return Proposal(_constants(fill_formats(mapping, sample, epoch), sample, currency), why, unsure)


def by_template(stream: Stream, sample: Sample, epoch: datetime = EPOCH, sheet: str = "") -> FileMapping:
    """Give the mapping of a file whose columns are called as in our template, read by the template's own rules."""
    names, fields = TEMPLATES[stream].names, dict[str, Taken]()
    for header in sample.columns:
        name = names.get(plain_name(header))
        if name is not None:
            fields.setdefault(name, Taken(header))
    mapping = fill_formats(FileMapping(stream, fields, sheet=sheet), sample, epoch)
    has_side = any(column.name == "direction" for column in TEMPLATES[stream].columns)
    return replace(mapping, constants={"direction": "sale"}) if has_side and "direction" not in fields else mapping


def _fits(stream: Stream, sample: Sample, epoch: datetime) -> Iterator[_Fit]:
    """Give each column whose name is one of a field's and whose content does not contradict it."""
    for column in TEMPLATES[stream].columns:
        names = {plain_name(name): _OURS - place for place, name in enumerate((column.name, *column.synonyms))}
        for place, name in enumerate(SYNONYMS[stream].get(column.name, "").split("|")):
            names.setdefault(plain_name(name), _TOOLS - place)
        for header in sample.columns:
            score = names.get(_plain_header(header), 0) if header else 0
            if score and holds(column, sample.cells(header), epoch):
                yield _Fit(score, column.name, header)


def _plain_header(header: str) -> str:
    """Write a header in plain letters, without a unit in brackets or the number of one that comes again."""
    return plain_name(header.partition(" (")[0]) or plain_name(header)


def holds(column: Column, cells: list[Cell], epoch: datetime = EPOCH) -> bool:
    """Say whether what stands in a column can be what a field holds; an empty column can be anything."""
    if not cells:
        return True
    if column.kind in DAYS:
        return bool(day_formats(cells, epoch))
    if column.kind in NUMBERS:
        return hours_or_amounts(column.kind, cells)
    if column.kind in WORDS:
        return len(words_in(cells)) <= MOST_WORDS
    if column.kind is ColumnKind.NUMBER:
        return any(plain_text(cell).strip().isdigit() for cell in cells)
    return column.kind is not ColumnKind.CURRENCY or any(map(_is_currency, cells))


def _is_currency(cell: Cell) -> bool:
    try:
        return bool(parse_currency(plain_text(cell).strip()))
    except BadPayload:
        return False


def _mind_names(sample: Sample, taken: dict[str, str], why: dict[str, Why]) -> None:
    """Take a column of customers that holds names for their names, not their codes, where no other does."""
    column = taken.get("customer")
    if column is None or "customer_name" in taken or not _holds_names(sample.cells(column)):
        return
    taken["customer_name"] = taken.pop("customer")
    why["customer_name"] = Why.NAMES
    why.pop("customer")


def _holds_names(cells: list[Cell]) -> bool:
    texts = [plain_text(cell).strip() for cell in cells]
    named = [text for text in texts if " " in text and not any(map(str.isdigit, text))]
    return len(named) > len(texts) * _LEAST_NAMES


def _by_content(
    stream: Stream, sample: Sample, taken: Mapping[str, str], epoch: datetime
) -> Iterator[tuple[str, str, Why]]:
    """Give a required field that no name told the one column left that can hold it."""
    left = [name for name in sample.columns if name and name not in taken.values() and sample.cells(name)]
    for column in TEMPLATES[stream].columns:
        if not column.required or column.name in taken:
            continue
        reason = Why.UNIQUE if column.kind is ColumnKind.TEXT else Why.ONLY
        if column.kind is ColumnKind.TEXT:
            fits = [one for one in left if column.name == "number" and _is_unique(sample, one, epoch)]
        elif column.kind in DAYS | NUMBERS:
            fits = [one for one in left if holds(column, sample.cells(one), epoch)]
        else:
            fits = []
        if len(fits) == 1:
            left.remove(fits[0])
            yield column.name, fits[0], reason


def _is_unique(sample: Sample, name: str, epoch: datetime) -> bool:
    """Say whether each row has its own number in a column that holds neither days nor amounts."""
    cells = sample.cells(name)
    texts = {plain_text(cell) for cell in cells}
    numbered = all(any(map(str.isdigit, text)) for text in texts)
    return numbered and len(texts) == len(sample.rows) > 1 and not day_formats(cells, epoch)


def fill_formats(mapping: FileMapping, sample: Sample, epoch: datetime = EPOCH) -> FileMapping:
    """Say how days and amounts are written where nobody did: as their column tells, else as the file's others do."""
    for kinds in (DAYS, NUMBERS):
        told: dict[str, tuple[str, ...]] = {}
        for name, taken in mapping.fields.items():
            kind = column_of(mapping.stream, name).kind
            if kind in kinds and (cells := sample.cells(taken.column)):
                told[name] = day_formats(cells, epoch) if kinds is DAYS else formats_seen(kind, cells)
        said = {mapping.fields[name].format for name in told} - {""}
        sure = (said | {forms[0] for forms in told.values() if len(forms) == 1}) - {"iso", "either"}
        for name, forms in told.items():
            shared = [form for form in forms if form in sure]
            if not mapping.fields[name].format and (len(forms) == 1 or (len(sure) == 1 and shared)):
                mapping = mapping.with_format(name, shared[0] if shared else forms[0])
    return mapping


def _constants(mapping: FileMapping, sample: Sample, currency: str) -> FileMapping:
    """Say what is the same in every row: sale or purchase by what the other side is called, and the currency."""
    names = {column.name for column in TEMPLATES[mapping.stream].columns}
    said: dict[str, str] = {}
    if "direction" in names and "direction" not in mapping.fields:
        headers = " ".join(plain_name(column) for column in sample.columns)
        sides = [any(word in headers for word in words) for words in (_CUSTOMERS, _SUPPLIERS)]
        if sides[0] != sides[1]:
            said["direction"] = (Direction.SALE if sides[0] else Direction.PURCHASE).value
    amounts = [taken for name, taken in mapping.fields.items() if column_of(mapping.stream, name).kind in NUMBERS]
    signs = {currency_of(cell) for taken in amounts for cell in sample.cells(taken.column)} - {""}
    if "currency" in names and "currency" not in mapping.fields and not signs:
        said["currency"] = currency
    return replace(mapping, constants=said)


def likely_streams(sample: Sample, epoch: datetime = EPOCH) -> list[Stream]:
    """List the streams a file may be, the likeliest first: the fewest open questions, then the most columns read."""

    def rank(stream: Stream) -> tuple[int, int]:
        proposal = propose(stream, sample, epoch)
        missing = [one for one in questions(proposal.mapping, sample, epoch) if one.code == "mapping_missing"]
        return (len(missing), -len(proposal.mapping.fields))

    return sorted(TEMPLATES, key=rank)
