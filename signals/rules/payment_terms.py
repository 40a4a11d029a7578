"""The latest due dates that may be agreed between French businesses.

Code de commerce, article L441-10, I (ordinance 2019-359 of 24 April 2019, in force since 26 April 2019; the caps
themselves date from the law of 4 August 2008): thirty days from receipt unless agreed otherwise; at most sixty days
from the invoice's date; or, if written and not abusive, forty-five days end of month. A periodic invoice: at most
forty-five days from its date. The DGCCRF's page on payment terms admits both ways of counting the end of the month.
Sectors have terms of their own (transport, fresh food, alcohol), which are not here.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from signals.calendar import month_end, month_number


@dataclass(frozen=True, slots=True)
class Term:
    """A number of days the law sets, from which day on, and where it says so."""

    days: int
    since: date
    source: str


_SINCE = date(2019, 4, 26)

DEFAULT = Term(30, _SINCE, "C. com. L441-10, I")
NET = Term(60, _SINCE, "C. com. L441-10, I")
END_OF_MONTH = Term(45, _SINCE, "C. com. L441-10, I; DGCCRF: délais de paiement")
PERIODIC = Term(45, _SINCE, "C. com. L441-10, I")


def due_by_default(received_on: date) -> date:
    """Give the due date where nothing was agreed: thirty days from receipt of the goods or the work's end."""
    return received_on + timedelta(days=DEFAULT.days)


def due_net(issued_on: date) -> date:
    """Give the latest due date of an invoice, counted from its date: sixty days."""
    return issued_on + timedelta(days=NET.days)


def due_from_end_of_month(issued_on: date) -> date:
    """Give the latest due date end of month, first reading: the month ends, then forty-five days pass."""
    return _month_end(issued_on) + timedelta(days=END_OF_MONTH.days)


def due_at_end_of_month(issued_on: date) -> date:
    """Give the latest due date end of month, second reading: forty-five days pass, then the month ends."""
    return _month_end(issued_on + timedelta(days=END_OF_MONTH.days))


def due_periodic(issued_on: date) -> date:
    """Give the latest due date of a periodic invoice: forty-five days from its date."""
    return issued_on + timedelta(days=PERIODIC.days)


def latest_due(issued_on: date) -> date:
    """Give the day after which no agreed term is lawful, whichever way it was counted."""
    return max(due_net(issued_on), due_from_end_of_month(issued_on), due_at_end_of_month(issued_on))


def _month_end(day: date) -> date:
    return month_end(month_number(day))
