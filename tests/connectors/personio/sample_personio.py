"""The account at a fake Personio that the checks of conformance read."""

from connectors.account import Account
from tests.connectors.personio.fake_personio import FakePersonio, attendance, employee, hourly, time_off


def account() -> Account:
    """Give an account with two pages or more of everything, by the day and by the hour."""
    fake = FakePersonio(
        employees=[employee(n) for n in range(1, 31)],
        time_offs=[time_off(n, "2026-02-02", "2026-02-06", employee_id=n) for n in range(1, 31)],
        hours=[hourly(f"h{n}", {"2026-03-02": 480}, employee_id=n) for n in range(1, 31)],
        types=[{"type": "TimeOffType", "attributes": {"id": 3, "name": "Congés", "category": "paid_vacation"}}],
        attendances=[attendance(n, f"{2016 + n % 11}-05-04") for n in range(1, 61)],
        largest=12,
    )
    return fake.account()
