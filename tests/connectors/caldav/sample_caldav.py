"""The account on which the promises of every connector are tried: events in two half-years."""

import httpx

from connectors.account import Account
from tests.connectors.caldav.fake_caldav import Server, held, opened
from tests.connectors.caldav.radicale_server import at, calendar, event

EVENTS = (
    calendar(event("1", "Banque", *at("20260302", "0900", "1000"))),
    calendar(event("2", "Facturation", *at("20250902", "0900", "1000"), "RRULE:FREQ=MONTHLY")),
    calendar(event("3", "Paie", "DTSTART:20260302T100000Z", "DTEND:20260302T090000Z")),
)


def account() -> Account:
    """Give an account at a server of its own."""
    report: dict[str, httpx.Response] = {"REPORT_h/desk/": held(*EVENTS)}
    return opened(Server(**report))
