"""The demonstration tells the story it is meant to tell; counted here by plain code, not by the detectors."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import fmean, stdev
from typing import TypeVar

import pytest

from connectors.demo import Demo, actors, newcomers
from connectors.records import (
    Absence,
    Activity,
    Cost,
    CostKind,
    CreditReason,
    Direction,
    DocumentKind,
    Employee,
    Invoice,
    Payment,
    Process,
    Record,
    Reminder,
    StaffRole,
    Stream,
    TimeEntry,
)

UNTIL = date(2026, 6, 17)
SINCE = date(2023, 6, 1)
LEAVES = 27  # the month in which the second assistant leaves
COMPLETE = range(36)
HEALTHY = range(24)
LAST_THREE = range(33, 36)
Told = Mapping[Stream, Sequence[Record]]
R = TypeVar("R")


def tell(demo: Demo) -> Told:
    return {stream: [r for page in pages(None) for r in page.records] for stream, pages in demo.streams.items()}


@pytest.fixture(scope="module")
def told() -> Told:
    return tell(Demo(until=UNTIL))


def of(told: Told, stream: Stream, kind: type[R]) -> list[R]:
    return [r for r in told[stream] if isinstance(r, kind)]


def month(day: date | None) -> int:
    assert day is not None
    return (day.year - SINCE.year) * 12 + day.month - SINCE.month


def end_of(index: int) -> date:
    years, months = divmod(SINCE.month + index, 12)
    return date(SINCE.year + years, months + 1, 1) - timedelta(days=1)


def sales(told: Told) -> list[Invoice]:
    return [
        i
        for i in of(told, Stream.INVOICES, Invoice)
        if i.direction is Direction.SALE and i.kind is DocumentKind.INVOICE
    ]


def share_by_month(invoices: Sequence[Invoice], wrong: set[str]) -> dict[int, tuple[int, int]]:
    counts: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for invoice in invoices:
        count, n = counts[month(invoice.issued_on)]
        counts[month(invoice.issued_on)] = count + (invoice.external_id in wrong), n + 1
    return counts


def pooled(counts: Mapping[int, tuple[int, int]], months: Sequence[int]) -> float:
    return sum(counts[m][0] for m in months) / sum(counts[m][1] for m in months)


def at_least(count: int, n: int) -> float:
    """One-sided 95 % lower bound of a share (Wilson)."""
    z, share = 1.645, count / n
    centre = share + z * z / (2 * n)
    return (centre - z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def weekdays_after(day: date, count: int) -> date:
    while day.weekday() > 4:
        day += timedelta(days=1)
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def is_late(invoice: Invoice) -> bool:
    """Five working days after the work, or after its month's end where it is billed by the month."""
    assert invoice.service_on
    assert invoice.issued_on
    done = end_of(month(invoice.service_on)) if invoice.periodic else invoice.service_on
    return invoice.issued_on > weekdays_after(done, 5)


def wrong_within_60_days(told: Told) -> set[str]:
    shown: dict[str, list[date]] = defaultdict(list)
    for i in of(told, Stream.INVOICES, Invoice):
        if i.credit_reason is CreditReason.ERROR and i.corrects and i.issued_on:
            shown[i.corrects].append(i.issued_on)
        shown[i.external_id] += [day for day in (i.corrected_on, i.cancelled_on) if day]
    return {
        i.external_id
        for i in sales(told)
        if i.issued_on and any((day - i.issued_on).days <= 60 for day in shown[i.external_id])
    }


def done(told: Told) -> list[tuple[date, Process, str]]:
    """Everything somebody did: activities, reminders sent, invoices written."""
    events = [(a.done_at.date(), a.process, a.actor) for a in of(told, Stream.ACTIVITIES, Activity)]
    events += [(r.sent_on, Process.DUNNING, r.actor) for r in of(told, Stream.REMINDERS, Reminder) if r.actor]
    written = of(told, Stream.INVOICES, Invoice)
    events += [(i.issued_on, Process.INVOICING, i.author) for i in written if i.author and i.issued_on]
    people = {login for login, role in actors().items() if role in {StaffRole.ADMIN, StaffRole.DIRECTOR}}
    people |= set(newcomers())
    return [event for event in events if event[2] in people]


def test_the_company_grows_by_two_fifths_a_year_and_steadily(told: Told) -> None:
    n = Counter(month(i.issued_on) for i in sales(told))
    years = [sum(n[m] for m in range(start, start + 12)) for start in (0, 12, 24)]
    assert 1.3 < years[1] / years[0] < 1.5
    assert 1.3 < years[2] / years[1] < 1.5
    assert all(0.7 < n[m] / fmean(n[k] for k in range(m - 3, m + 4)) < 1.3 for m in range(3, 33))
    assert 60 <= n[0] <= 85
    assert 160 <= n[35] <= 220
    staff = of(told, Stream.STAFF, Employee)
    here = [sum(1 for e in staff if e.entered_on and e.entered_on <= d and not e.left_on) for d in (SINCE, UNTIL)]
    assert here[0] in range(17, 23)
    assert here[1] in range(43, 48)


def test_invoices_are_issued_on_working_days(told: Told) -> None:
    assert {i.issued_on.weekday() for i in sales(told) if i.issued_on} == set(range(5))


def test_late_invoices_are_few_for_two_years_and_many_in_the_end(told: Told) -> None:
    counts = share_by_month(sales(told), {i.external_id for i in sales(told) if is_late(i)})
    assert 0.02 < pooled(counts, HEALTHY) < 0.06
    assert 0.20 < pooled(counts, range(30, 36)) < 0.30
    assert all(counts[m][1] > 150 and at_least(*counts[m]) > 0.10 for m in LAST_THREE)


def test_errors_are_few_for_two_years_and_many_in_the_end(told: Told) -> None:
    counts = share_by_month(sales(told), wrong_within_60_days(told))
    assert 0.01 < pooled(counts, HEALTHY) < 0.035
    assert 0.10 < pooled(counts, range(28, 34)) < 0.17
    assert at_least(*map(sum, zip(*(counts[m] for m in range(31, 34)), strict=True))) > 0.05


def test_goodwill_credit_notes_stay_as_they_are(told: Told) -> None:
    invoices = sales(told)
    given = {i.corrects for i in of(told, Stream.INVOICES, Invoice) if i.credit_reason is CreditReason.COMMERCIAL}
    counts = share_by_month(invoices, {g for g in given if g})
    assert 0.007 < pooled(counts, range(18)) < 0.025
    assert 0.007 < pooled(counts, range(18, 34)) < 0.025


def test_customers_pay_as_slowly_at_the_start_as_in_the_end(told: Told) -> None:
    paid = [i for i in sales(told) if i.paid_on]
    late = share_by_month(paid, {i.external_id for i in paid if i.paid_on and i.due_on and i.paid_on > i.due_on})
    assert abs(pooled(late, range(12)) - pooled(late, range(21, 33))) < 0.05


def unreminded(told: Told, day: date) -> tuple[int, int]:
    """Count what is overdue by more than a week and not reminded of in a month, and what is overdue so."""
    sent = defaultdict(list)
    for r in of(told, Stream.REMINDERS, Reminder):
        sent[r.invoice_id].append(r.sent_on)
    owed = [
        i
        for i in sales(told)
        if i.due_on
        and (day - i.due_on).days > 7
        and not i.direct_debit
        and not i.cancelled_on
        and (i.paid_on is None or i.paid_on > day)
    ]
    missed = [i for i in owed if not any(0 <= (day - s).days < 30 for s in sent[i.external_id])]
    return len(missed), len(owed)


def test_customers_are_reminded_by_routine_and_in_the_end_hardly_at_all(told: Told) -> None:
    routine = [unreminded(told, end_of(m)) for m in range(6, 26)]
    assert sum(m for m, _ in routine) / sum(n for _, n in routine) < 0.12
    assert all(at_least(*unreminded(told, end_of(m))) > 0.5 for m in LAST_THREE)


def test_a_reminder_is_of_an_invoice_overdue_and_unpaid(told: Told) -> None:
    invoices = {i.external_id: i for i in sales(told)}
    for r in of(told, Stream.REMINDERS, Reminder):
        invoice = invoices[r.invoice_id]
        assert invoice.due_on
        assert r.sent_on >= invoice.due_on + timedelta(days=7)
        assert invoice.paid_on is None or r.sent_on < invoice.paid_on


def director_hours(told: Told, until: date = UNTIL) -> dict[int, list[float]]:
    """Hours by complete week, the weeks by the month of their Thursday."""
    weeks: dict[date, float] = defaultdict(float)
    for t in of(told, Stream.TIME, TimeEntry):
        if t.actor == "dir":
            weeks[t.worked_on - timedelta(days=t.worked_on.weekday())] += t.minutes / 60
    months = defaultdict(list)
    for monday, hours in weeks.items():
        if monday + timedelta(days=6) <= until:
            months[month(monday + timedelta(days=3))].append(hours)
    return months


def test_the_director_does_half_a_day_of_back_office_at_first_and_a_day_and_a_half_in_the_end(told: Told) -> None:
    hours = director_hours(told)
    assert all(3 < fmean(hours[m]) < 4.2 for m in HEALTHY)
    for m in range(31, 36):
        assert 10.5 < fmean(hours[m]) < 13.5
    for m in LAST_THREE:
        assert fmean(hours[m]) - 2.4 * stdev(hours[m]) / sqrt(len(hours[m])) > 8


def test_assistants_work_thirty_hours_a_week_or_a_little_more(told: Told) -> None:
    days: dict[tuple[str, date], int] = Counter()
    for t in of(told, Stream.TIME, TimeEntry):
        days[t.actor, t.worked_on] += t.minutes
    for login in ("adm1", "adm2"):
        assert 30 < 5 * fmean(minutes for (who, _), minutes in days.items() if who == login) / 60 < 35
    assert not any(month(day) > LEAVES for who, day in days if who == "adm2")


def knowers(events: Sequence[tuple[date, Process, str]], day: date) -> dict[Process, set[str]]:
    recent = [e for e in events if day - timedelta(days=180) < e[0] <= day]
    known = {}
    for process in {p for _, p, _ in recent}:
        by = Counter(who for _, p, who in recent if p is process)
        known[process] = {who for who, n in by.items() if n >= 3 and n * 10 >= by.total()}
    return known


def test_two_people_know_each_process_until_one_leaves(told: Told) -> None:
    events = done(told)
    for m in range(9, LEAVES):
        known = knowers(events, end_of(m))
        assert len(known) == 8
        assert all(len(who) >= 2 for who in known.values())
    for day in (*(end_of(m) for m in LAST_THREE), UNTIL):
        known = knowers(events, day)
        assert sum(who == {"adm1"} for who in known.values()) / len(known) >= 0.7


def kept_up(told: Told, away: Absence, until: date = UNTIL) -> float:
    """What was done a day during an absence, over what was done a day in the four weeks before and after."""
    others = [a for a in of(told, Stream.ABSENCES, Absence) if a.employee_id == away.employee_id]
    by_day = Counter(day for day, _, _ in done(told))
    near = [away.start_on + timedelta(days=n) for n in range(-28, (away.end_on - away.start_on).days + 29)]
    near = [d for d in near if d.weekday() < 5 and d <= until]
    there = [d for d in near if not any(a.start_on <= d <= a.end_on for a in others)]
    during = [d for d in near if away.start_on <= d <= away.end_on]
    assert len(during) >= 5
    return fmean(by_day[d] for d in during) / fmean(by_day[d] for d in there)


def test_work_goes_on_without_the_first_assistant_until_nobody_else_is_left(told: Told) -> None:
    (first,) = (e.external_id for e in of(told, Stream.STAFF, Employee) if e.actor == "adm1")
    two_years = [a for a in of(told, Stream.ABSENCES, Absence) if a.employee_id == first and month(a.start_on) >= 13]
    early = [a for a in two_years if month(a.start_on) < LEAVES]
    late = [a for a in two_years if month(a.start_on) > LEAVES]
    assert early
    assert len(two_years) >= 4
    assert len([a for a in late if month(a.start_on) >= 28]) >= 3
    assert all(kept_up(told, a) > 0.6 for a in early)
    assert all(kept_up(told, a) < 0.3 for a in late)


def test_sale_numbers_follow_the_days_and_miss_three_in_the_last_year(told: Told) -> None:
    missing = []
    for year in range(2023, 2027):
        listed = sorted((i.number or "", i.issued_on) for i in sales(told) if i.issued_on and i.issued_on.year == year)
        assert [day for _, day in listed] == sorted(day for _, day in listed)
        seen = [int(number.removeprefix(f"FA-{year}-")) for number, _ in listed]
        days = dict(zip(seen, (day for _, day in listed), strict=True))
        missing += [days[n + 1] for n in range(1, seen[-1]) if n not in days]
    assert len(missing) == 3
    assert all(UNTIL - timedelta(days=365) < day for day in missing)


def test_a_few_purchases_are_entered_twice_late_in_the_story(told: Told) -> None:
    bought: dict[tuple[str, object], list[Invoice]] = defaultdict(list)
    for i in of(told, Stream.INVOICES, Invoice):
        if i.direction is Direction.PURCHASE:
            bought[i.party or "", i.total].append(i)
    twice = [pair for pair in bought.values() if len(pair) == 2]  # subscriptions come every month
    misread = [p for p in twice if (p[0].number or "").replace("O", "0") == (p[1].number or "").replace("O", "0")]
    near = [p for p in twice if p[0].issued_on and p[1].issued_on and abs((p[0].issued_on - p[1].issued_on).days) <= 2]
    assert len(misread) >= 2
    assert len(near) >= 2
    assert all(month(p[0].issued_on) >= 28 for p in twice)
    counts = Counter(month(i.issued_on) for p in bought.values() for i in p)
    assert 55 <= counts[0] <= 66
    assert 110 <= counts[35] <= 130


def test_costs_show_a_departure_and_then_penalties_and_never_pay(told: Told) -> None:
    costs = of(told, Stream.COSTS, Cost)
    months = defaultdict(set)
    for c in costs:
        months[c.kind].add(month(c.incurred_on))
    assert LEAVES in months[CostKind.RECRUITING]
    assert min(months[CostKind.PENALTIES]) >= 28
    assert months[CostKind.SOFTWARE] >= set(COMPLETE)
    assert months[CostKind.FEES] >= set(COMPLETE)
    assert CostKind.WAGES not in months


def test_payments_add_up_to_what_was_billed_less_what_was_credited(told: Told) -> None:
    invoices = {i.external_id: i for i in of(told, Stream.INVOICES, Invoice)}
    notes: dict[str | None, Invoice] = {i.corrects: i for i in invoices.values() if i.corrects}
    paid = {p.invoice_id: p for p in of(told, Stream.PAYMENTS, Payment)}
    assert {i.external_id for i in invoices.values() if i.paid_on} == set(paid)
    for key, payment in paid.items():
        invoice, note = invoices[key or ""], notes.get(key)
        assert invoice.paid_on == payment.paid_on
        assert invoice.total
        credited = note.total if note and note.issued_on and note.issued_on <= payment.paid_on else None
        assert payment.amount == invoice.total - (credited or 0)


def test_every_actor_has_a_role(told: Told) -> None:
    seen = {a.actor for a in of(told, Stream.ACTIVITIES, Activity)}
    assert seen == set(actors())
    assert actors()["sync"] is StaffRole.BOT
    assert actors()["cabinet"] is StaffRole.OUTSIDE_ACCOUNTANT


HANDED_OVER = 38  # the month in which a provider takes its share: told only when the story goes on
LATER = date(2027, 5, 20)
RECOVERED = range(40, 44)


@pytest.fixture(scope="module")
def told_on() -> Told:
    """The same company eleven months later."""
    begun = {"month": f"{SINCE:%Y-%m}", "since": f"{SINCE:%Y-%m}"}
    streams = Demo(until=LATER).streams
    return {stream: [r for page in pages(begun) for r in page.records] for stream, pages in streams.items()}


def test_told_on_the_past_stays_as_it_was(told: Told, told_on: Told) -> None:
    today = (UNTIL - date(1970, 1, 1)).days
    for stream, records in told.items():
        now = {r.external_id: r for r in told_on[stream]}
        for record in records:
            newer = now[record.external_id]
            assert newer == record or int(newer.source_version or 0) > today


def test_handed_over_the_work_is_done_in_time_and_rightly_again(told_on: Told) -> None:
    late = share_by_month(sales(told_on), {i.external_id for i in sales(told_on) if is_late(i)})
    wrong = share_by_month(sales(told_on), wrong_within_60_days(told_on))
    assert pooled(late, range(36, 38)) > 0.18
    assert pooled(late, RECOVERED) < 0.06
    assert pooled(wrong, range(36, 38)) > 0.1
    assert pooled(wrong, range(40, 43)) < 0.035
    missed, owed = unreminded(told_on, date(2026, 12, 31))
    assert missed / owed < 0.25


def test_handed_over_the_director_is_free_again_and_penalties_end(told_on: Told) -> None:
    hours = director_hours(told_on, LATER)
    assert fmean(hours[37]) > 10.5
    assert all(3 < fmean(hours[m]) < 4.2 for m in RECOVERED)
    costs = of(told_on, Stream.COSTS, Cost)
    assert max(month(c.incurred_on) for c in costs if c.kind is CostKind.PENALTIES) == HANDED_OVER - 1
    billed = [c for c in costs if c.kind is CostKind.FEES and c.process is Process.INVOICING]
    assert [month(c.incurred_on) for c in billed] == list(range(HANDED_OVER, 48))


def test_handed_over_two_people_know_each_process_and_an_absence_is_covered(told_on: Told) -> None:
    events = done(told_on)
    assert {month(day) for day, _, who in events if who in newcomers()} == set(range(HANDED_OVER, 48))
    assert all(len(who) >= 2 for who in knowers(events, LATER).values())
    away = [a for a in of(told_on, Stream.ABSENCES, Absence) if a.employee_id == "emp-001"]
    later = [a for a in away if a.start_on > end_of(HANDED_OVER) and a.end_on < LATER - timedelta(days=28)]
    assert len(later) == 2
    assert all(kept_up(told_on, a, LATER) > 0.6 for a in later)
