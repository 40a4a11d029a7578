"""The demonstration as a connector: the same story every time, and no reader ever misses a part of it."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.demo import Demo, declaration, declarations, later_declarations
from connectors.records import Invoice, Process, Record, Stream

UNTIL = date(2026, 6, 17)
ROOT = Path(__file__).parents[2]
TELL_AGAIN = """
import hashlib
from datetime import date
from connectors.demo import Demo
from connectors.records import Stream
pages = Demo(until=date(2026, 6, 17)).streams[Stream.ACTIVITIES](None)
print(hashlib.sha256(repr([r for page in pages for r in page.records]).encode()).hexdigest())
"""

Told = Mapping[Stream, Sequence[Record]]


def tell(demo: Demo) -> Told:
    return {stream: [r for page in pages(None) for r in page.records] for stream, pages in demo.streams.items()}


@pytest.fixture(scope="module")
def told() -> Told:
    return tell(Demo(until=UNTIL))


def test_the_same_day_and_seed_tell_the_same_story_in_another_process(told: Told) -> None:
    told_again = subprocess.run(  # noqa: S603 - our own words, to our own interpreter
        [sys.executable, "-c", TELL_AGAIN], env={"PYTHONHASHSEED": "5"}, cwd=ROOT, capture_output=True, check=True
    )
    assert told_again.stdout.decode().strip() == hashlib.sha256(repr(told[Stream.ACTIVITIES]).encode()).hexdigest()


def test_another_seed_tells_another_story(told: Told) -> None:
    pages = Demo(until=UNTIL, seed=8).streams[Stream.TIME]
    assert [r for page in pages(None) for r in page.records] != told[Stream.TIME]


def test_every_stream_but_the_ledger_has_records_and_there_are_not_too_many(told: Told) -> None:
    assert set(told) == set(Stream) - {Stream.LEDGER}
    assert all(told.values())
    assert sum(len(records) for records in told.values()) < 40_000


def test_nothing_is_dated_after_the_last_day_told(told: Told) -> None:
    future_allowed = {"due_on"}
    for records in told.values():
        for record in records:
            for name in record.__dataclass_fields__:
                day = getattr(record, name)
                if isinstance(day, date) and name not in future_allowed:
                    assert (day.date() if isinstance(day, datetime) else day) <= UNTIL


def test_an_id_names_one_record(told: Told) -> None:
    for records in told.values():
        assert len({r.external_id for r in records}) == len(records)


def test_a_later_day_of_the_month_keeps_what_was_told() -> None:
    early, late = tell(Demo(until=date(2026, 6, 3))), tell(Demo(until=UNTIL))
    for stream, records in early.items():
        now = {r.external_id: r for r in late[stream]}
        for record in records:
            newer = now[record.external_id]
            assert newer == record or int(newer.source_version or 0) > int(record.source_version or 0)


@pytest.mark.parametrize("later", [date(2026, 6, 17), date(2026, 9, 9), date(2027, 2, 3)])
def test_a_reader_cut_off_after_any_page_catches_up_on_a_later_day(later: date) -> None:
    for stream, pages in Demo(until=date(2026, 6, 3)).streams.items():
        read = list(pages(None))
        goes_on = Demo(until=later).streams[stream]
        beginning = {"month": read[0].cursor["since"], "since": read[0].cursor["since"]}
        whole = {r.external_id: r for page in goes_on(beginning) for r in page.records}
        for cut in (1, 20, len(read) - 1, len(read)):
            known = {r.external_id: r for page in read[:cut] for r in page.records}
            known |= {r.external_id: r for page in goes_on(read[cut - 1].cursor) for r in page.records}
            assert known == whole


def test_a_page_holds_what_last_changed_in_its_month() -> None:
    for page in Demo(until=UNTIL).streams[Stream.INVOICES](None):
        for record in page.records:
            assert isinstance(record, Invoice)
            life = (record.issued_on, record.sent_on, record.paid_on, record.cancelled_on, record.corrected_on)
            assert f"{max(day for day in life if day):%Y-%m}" == page.cursor["month"]


def documented(said: Mapping[str, object]) -> float:
    processes = said["processes"]
    assert isinstance(processes, dict)
    sheets = [all(p[k] for k in ("tasks", "frequency", "validation_rules", "tools")) for p in processes.values()]
    assert len(sheets) == len(Process)
    return sum(sheets) / len(sheets)


@pytest.mark.parametrize("until", [UNTIL, date(2026, 1, 31), date(2026, 5, 1)])
def test_declarations_follow_each_other_and_only_the_last_documents_everything(until: date) -> None:
    said = declarations(until)
    days = [d["stated_on"] for d in said]
    assert all(isinstance(day, date) and day < until for day in days)
    assert [documented(d) >= 0.8 for d in said] == [False, False, True]
    assert said[-1] == declaration(until)
    for earlier, later in pairwise(days):
        assert isinstance(earlier, date)
        assert isinstance(later, date)
        assert earlier < later <= earlier + timedelta(days=366)


def test_after_the_handover_the_director_declares_before_the_last_declaration_expires() -> None:
    days = [
        declaration(UNTIL)["stated_on"],
        *(said["stated_on"] for said in later_declarations(UNTIL, date(2028, 6, 1))),
    ]
    assert later_declarations(UNTIL, date(2026, 11, 27)) == ()
    assert len(days) == 3
    for earlier, later in pairwise(days):
        assert isinstance(earlier, date)
        assert isinstance(later, date)
        assert earlier < later <= earlier + timedelta(days=365)
    assert documented(later_declarations(UNTIL, date(2026, 11, 28))[0]) == 1
