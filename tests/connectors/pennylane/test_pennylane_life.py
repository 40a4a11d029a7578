"""Whatever happens at Pennylane, and however often a reading breaks off, what is kept comes to be what is there."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from app.companies import connection_for
from app.db import read, write
from app.models.core import bookmark
from app.models.records import document, payment, record_version
from app.sources import sync_connection
from connectors.base import Cursor
from connectors.errors import StartOver, Unavailable
from connectors.records import Direction, Stream
from tests.connectors.pennylane.fake_pennylane import NOW, FakePennylane, sale, transaction

# Deeds: to which id, what, listed how late (minutes), after how many days. A life: deeds, and requests until it breaks.
happenings = st.tuples(
    st.integers(1, 6),
    st.sampled_from(["write", "write", "delete"]),
    st.integers(0, 50),
    st.sampled_from([0, 0, 1, 9, 40]),
)
lives = st.lists(st.tuples(st.lists(happenings, max_size=4), st.integers(0, 12)), min_size=1, max_size=6)


class Keeper:
    """Keeps what intake would: records, and a bookmark that is as safe as they are."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.kept, self.cursor = stream, dict[str, object](), dict[str, str]()

    def read(self, fake: FakePennylane) -> bool:
        """Read to the end; say whether it was reached."""
        try:
            try:
                self._follow(fake, self.cursor or None)
            except StartOver:
                self.cursor = {}
                self._follow(fake, None)
            keys = {one for some in fake.connect().keys[self.stream]() for one in some}
        except Unavailable:
            return False
        for one in self.kept.keys() - keys:
            del self.kept[one]
        return True

    def _follow(self, fake: FakePennylane, cursor: Cursor | None) -> None:
        for page in fake.connect().streams[self.stream](cursor):
            self.kept.update({record.external_id: record for record in page.records})
            for one in page.gone:
                self.kept.pop(one, None)
            self.cursor = dict(page.cursor)


def broken_after(requests: int) -> Callable[[str, Mapping[str, str]], httpx.Response | None]:
    left = iter(range(requests))
    return lambda _, __: None if next(left, None) is not None else httpx.Response(503)


def happen(fake: FakePennylane, n: int, what: str, late: int, counted: int) -> None:
    """Have something happen now, and be listed some minutes later under the time it happened at."""
    when = fake.now - timedelta(minutes=late)
    if what == "delete" and n in fake.documents[Direction.SALE]:
        fake.delete(Direction.SALE, n, when)
    elif what == "write":
        changed = {"currency_amount": f"{counted}.5", "paid": counted % 4 > 0, "updated_at": fake.now.isoformat()}
        fake.transactions[n] = [transaction(k, "2026-10-10", "1.0") for k in range(counted % 4)]
        fake.put(Direction.SALE, sale(n, **changed), when)


@settings(max_examples=25, deadline=None)
@given(life=lives, stream=st.sampled_from([Stream.INVOICES, Stream.PAYMENTS]))
def test_whatever_happens_what_is_kept_comes_to_be_what_is_there(
    life: list[tuple[list[tuple[int, str, int, int]], int]], stream: Stream
) -> None:
    fake, keeper, counted = FakePennylane(page=2), Keeper(stream), 1
    for happened, requests in life:
        for n, what, late, gap in happened:
            fake.now += timedelta(days=gap, seconds=1)
            counted += 1
            happen(fake, n, what, late, counted)
        fake.before = broken_after(requests)
        keeper.read(fake)
    fake.before = lambda _, __: None
    assert keeper.read(fake)

    whole = Keeper(stream)
    assert whole.read(fake)
    assert keeper.kept == whole.kept


def test_a_reading_after_five_weeks_begins_anew_and_what_went_meanwhile_is_gone(engine: Engine, company: str) -> None:
    fake, days = FakePennylane(), timedelta(days=1)
    for n in (1, 2):
        fake.put(Direction.SALE, sale(n, paid=n == 1))
    fake.transactions[1] = [transaction(1, "2026-11-02", "120.0")]
    with write(engine) as conn:
        connection = connection_for(conn, company, "csv", NOW)
    first = sync_connection(engine, connection, lambda: fake.now, every=days, connect=lambda _, now: fake.connect(now))
    later = NOW + timedelta(weeks=5)
    fake.now = later
    del fake.documents[Direction.SALE][2]
    fake.put(Direction.SALE, sale(1, paid=True, currency_amount="90.0", updated_at=later.isoformat()))
    again = sync_connection(engine, connection, lambda: fake.now, every=days, connect=lambda _, now: fake.connect(now))

    assert first is not None
    assert again is not None
    assert (first.new, first.refused) == (3, 0)
    assert (again.new, again.changed) == (0, 2)  # the invoice, and what counts of its payment
    d = document.c
    with read(engine) as conn:
        totals = {
            row[0]: row[1] for row in conn.execute(select(d.external_id, d.total_minor).where(d.gone_at.is_(None)))
        }
        paid = [tuple(row) for row in conn.execute(select(payment.c.external_id, payment.c.amount_minor))]
        versions = conn.execute(select(record_version.c.external_id)).scalars().all()
        begun: list[datetime | None] = list(conn.execute(select(bookmark.c.started_over_at)).scalars())
    assert totals == {"sale:1": 9000}
    assert paid == [("sale:1:1", 9000)]
    assert sorted(versions) == ["sale:1", "sale:1:1", "sale:2"]
    assert begun == [later, later]
