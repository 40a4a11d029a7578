"""A company's settings: limits, windows, floors and calendars, each with where it comes from.

Limits are a floor under the company's own baseline, not the definition of the threshold. A default whose source is
"Seuil" is our own choice, to be edited by whoever knows the company better.
"""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any


def _setting(value: Any, unit: str, source: str, since: str = "2026-01-01") -> Any:
    return field(default=value, metadata={"unit": unit, "source": source, "since": since})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What counts as late, as an error, as too much; every field's metadata has unit, source and date."""

    # The clock of each measure
    issue_tolerance_working_days: int = _setting(5, "working days", "BOI of 2003-08-07 §83-87: a few days' deferral")
    reminder_grace_days: int = _setting(7, "days", "Seuil")
    reminder_window_days: int = _setting(30, "days", "Seuil")
    reminder_least_amount: float = _setting(0.0, "EUR, tax included", "Seuil: every invoice is worth asking for")
    correction_days: int = _setting(60, "days", "Seuil")
    unlettered_days: int = _setting(60, "days", "Seuil")
    late_booking_days: int = _setting(30, "days", "Seuil")
    declared_valid_days: int = _setting(365, "days", "Seuil")
    api_fresh_days: int = _setting(2, "days", "Seuil")
    file_fresh_days: int = _setting(45, "days", "Seuil")
    escalation_days: int = _setting(5, "working days", "Seuil: a working week for somebody to acknowledge an alert")

    # Limits: one primary measure per signal
    late_issued_limit: float = _setting(0.10, "share of invoices", "Seuil")
    unreminded_limit: float = _setting(0.50, "share of overdue invoices", "Seuil")
    director_hours_limit: float = _setting(8.0, "hours per week", "SDI survey of small firms: about 8 h a week")
    error_limit: float = _setting(0.05, "share of invoices", "Seuil")
    sole_operator_limit: float = _setting(0.50, "share of processes", "Seuil")
    holiday_drop_limit: float = _setting(0.50, "share of activity lost", "Seuil")
    backup_limit: float = _setting(0.50, "share of absent days with a stand-in", "Seuil")
    hidden_ratio_limit: float = _setting(0.50, "hidden cost over visible cost", "Seuil")
    accrued_sales_limit: float = _setting(0.50, "months of sales not yet invoiced at closing", "Seuil")

    # Limits for one process alone; for the company these measures only explain
    twins_limit: float = _setting(0.05, "share of customers", "Seuil")
    late_booking_limit: float = _setting(0.25, "share of entries", "Seuil")
    duplicates_limit: float = _setting(0.01, "share of documents", "Seuil")
    unlettered_limit: float = _setting(0.10, "share of lines", "Seuil")
    missing_documents_limit: float = _setting(0.10, "share of documents", "Seuil")

    # Hours from traces; changing one of these reads the traces anew
    session_gap_minutes: int = _setting(30, "minutes", "Seuil: a longer gap ends a session (git-hours takes 120)")
    first_event_minutes: int = _setting(10, "minutes", "Seuil: work before a session's first trace")
    opens_minute: int = _setting(480, "minute of the day", "Seuil: 8:00; work before it is out of hours")
    closes_minute: int = _setting(1140, "minute of the day", "Seuil: 19:00; work after it is out of hours")

    # The change test, and the plain rule beside it
    alarm_years: float = _setting(5.0, "years between false alarms, all signals of a company together", "Seuil")
    watch_years: float = _setting(1.0, "years, the same for watch", "Seuil")
    change_factor: float = _setting(1.5, "times the baseline", "Seuil: the plain rival of a sequential test")
    change_days: int = _setting(90, "days", "Seuil")
    rate_floor: float = _setting(0.05, "share", "Seuil: excess below this is not material")
    hours_floor: float = _setting(2.0, "hours per week", "Seuil: excess below this is not material")
    baseline_months: int = _setting(12, "months", "Seuil")
    baseline_trials: int = _setting(200, "trials", "Seuil: below, a change is only watched")
    baseline_weeks: int = _setting(26, "weeks", "Seuil: the same for hours, which come by the week")
    baseline_period: tuple[date, date] | None = None  # first and last day a person confirmed as normal

    # Gates
    volume_documents: float = _setting(15.0, "documents per month", "Seuil")
    volume_fte: float = _setting(0.15, "full-time equivalents", "Seuil")
    process_hours: float = _setting(
        4.0, "hours per month", "Seuil: half a day a month, the least a provider is asked for"
    )
    minutes_per_sale: float = _setting(12.0, "minutes", "Seuil: an assumption, time it when you can")
    minutes_per_purchase: float = _setting(10.0, "minutes", "Seuil: an assumption, time it when you can")
    instability_limit: float = _setting(0.40, "log standard deviation beyond chance", "Seuil")
    growth_limit: float = _setting(0.40, "share a year, above: rapid growth", "Seuil")
    decline_limit: float = _setting(-0.20, "share a year, below: declining", "Seuil")
    seasonal_limit: float = _setting(1.8, "peak over trough, above: seasonal", "Seuil")
    volume_high: float = _setting(150.0, "documents per month, from: high", "Seuil")
    regime_probability: float = _setting(0.80, "probability", "Seuil: below, a regime is undetermined")
    documented_limit: float = _setting(0.80, "share of processes", "Hackett, top quartile: 80 % documented")

    # Money (defaults for lines nobody has declared; each is tagged as such)
    admin_rate_low: float = _setting(20.0, "EUR per hour, loaded", "Seuil")
    admin_rate_high: float = _setting(30.0, "EUR per hour, loaded", "Seuil")
    director_rate_low: float = _setting(50.0, "EUR per hour", "Seuil")
    director_rate_high: float = _setting(100.0, "EUR per hour", "Seuil")
    capital_rate_low: float = _setting(0.04, "share a year", "Seuil: what a bank asks of a small firm")
    capital_rate_high: float = _setting(0.10, "share a year", "Seuil: what factoring and overdrafts cost one")
    error_minutes_low: float = _setting(15.0, "minutes an error", "Seuil: an assumption, time it when you can")
    error_minutes_high: float = _setting(60.0, "minutes an error", "Seuil: an assumption, time it when you can")
    provider_rate_low: float = _setting(35.0, "EUR per hour", "price guides for freelance administrative assistants")
    provider_rate_high: float = _setting(50.0, "EUR per hour", "price guides for freelance administrative assistants")
    provider_document_low: float = _setting(
        3.0, "EUR per document", "Seuil: near what a document costs in-house (APQC, suppliers: 2 to 10 USD); ask"
    )
    provider_document_high: float = _setting(
        8.0, "EUR per document", "Seuil: near what a document costs in-house (APQC, suppliers: 2 to 10 USD); ask"
    )
    governance_hours_low: float = _setting(2.0, "hours per month", "Seuil")
    governance_hours_high: float = _setting(6.0, "hours per month", "Seuil")
    transition_low: float = _setting(1500.0, "EUR, once", "Seuil")
    transition_high: float = _setting(5000.0, "EUR, once", "Seuil")
    transition_months: int = _setting(36, "months", "Seuil")
    hours_per_year: float = _setting(1607.0, "hours", "French legal working year")

    # The calendar: public holidays and closures, without week-ends
    closed_days: frozenset[date] = frozenset()


def describe() -> dict[str, dict[str, str]]:
    """Give unit, source and date of each default, for the documentation and the page."""
    return {f.name: dict(f.metadata) for f in fields(Policy) if f.metadata}
