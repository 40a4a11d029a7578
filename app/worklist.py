"""The work list: what a person can put right today, oldest first, with amounts."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, select

from app.book_documents import party_labels
from app.books import read_books
from app.imports import current_imports
from app.language import Formats
from app.models.records import quarantined
from app.wording import label, say
from signals.books import Books
from signals.calendar import day_number, day_of
from signals.duplicates import suspects
from signals.open_lines import open_items
from signals.series import series_of

ITEMS_A_KIND = 200

KINDS = ("suspense", "receivable", "payable", "duplicate", "gap", "unreadable")
_ACCOUNTS = {"suspense": "471", "receivable": "411", "payable": "401"}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to look at. `place` says where: entry and account, document, or line of a file."""

    kind: str
    what: str
    day: date | None
    age_days: int | None
    amount_minor: int | None
    place: str


def work_list(conn: Connection, company_id: str, as_of: date, language: str = "fr") -> list[WorkItem]:
    """List what there is to do, by kind, oldest first; at most `ITEMS_A_KIND` of each."""
    books = read_books(conn, company_id, as_of)
    names = party_labels(conn, company_id)
    items: list[WorkItem] = []
    for kind, account in _ACCOUNTS.items():
        items += _open(kind, books, account, names)
    items += _duplicates(books, names)
    items += _gaps(books)
    items += _unreadable(conn, company_id, language)
    return items


def _open(kind: str, books: Books, account: str, names: dict[tuple[str, str], str]) -> Iterator[WorkItem]:
    rows = open_items(books, (account,))
    if kind != "suspense":  # an unpaid invoice is work only once it is old
        rows = rows[rows["day"] <= day_number(books.as_of) - 60]
    today = day_number(books.as_of)
    for row in rows.head(ITEMS_A_KIND).itertuples():
        party = names.get((str(row.connection_id), str(row.party)), str(row.party))
        side = 1 if int(str(row.debit_minor)) >= int(str(row.credit_minor)) else -1
        yield WorkItem(
            kind,
            party,
            day_of(float(str(row.day))),
            int(today - float(str(row.day))),
            side * int(str(row.open_minor)),
            f"{row.external_id} · {row.account}",
        )


def _duplicates(books: Books, names: dict[tuple[str, str], str]) -> Iterator[WorkItem]:
    documents = books["documents"]
    if documents.empty:
        return
    numbers = dict(zip(documents["external_id"], documents["number"], strict=True))
    found: pd.DataFrame = suspects(documents)
    today = day_number(books.as_of)
    for row in found.sort_values("issued_day").tail(ITEMS_A_KIND).itertuples():
        party = names.get((str(row.connection_id), str(row.party)), str(row.party))
        first, second = (numbers.get(key) or key for key in (str(row.first), str(row.second)))
        day = float(str(row.issued_day))
        yield WorkItem(
            "duplicate", party, day_of(day), int(today - day), int(float(str(row.total_minor))), f"{first} / {second}"
        )


def _gaps(books: Books) -> Iterator[WorkItem]:
    for series in series_of(books["documents"]):
        for number in series.missing[:ITEMS_A_KIND]:
            yield WorkItem("gap", number, None, None, None, f"{series.first} … {series.last}")


def _unreadable(conn: Connection, company_id: str, language: str) -> Iterator[WorkItem]:
    files = {one.no: one.file_name for one in current_imports(conn, company_id)}
    q = quarantined.c
    rows = conn.execute(
        select(q.place, q.code, q.params, q.import_no, q.entry_key)
        .where(q.import_no.in_(list(files)))
        .order_by(q.id)
        .limit(ITEMS_A_KIND)
    )
    for row in rows:
        what = say(row.code, row.params, language)
        where = f"{files[row.import_no]}:{row.place}"
        yield WorkItem("unreadable", what, None, None, None, f"{where} ({row.entry_key})" if row.entry_key else where)


def work_csv(items: list[WorkItem], language: str) -> str:
    """Write the list as a table that Excel opens: semicolons, a byte order mark, the language's decimals."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([label("column", name, language) for name in ("kind", "what", "day", "age", "amount", "place")])
    formats = Formats(language)
    comma = "," if language == "fr" else "."
    for item in items:
        amount = "" if item.amount_minor is None else f"{item.amount_minor / 100:.2f}".replace(".", comma)
        writer.writerow(
            [
                label("work", item.kind, language),
                _plain(item.what),
                formats.day(item.day) if item.day else "",
                "" if item.age_days is None else item.age_days,
                amount,
                _plain(item.place),
            ]
        )
    return "\ufeff" + out.getvalue()


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} else text
