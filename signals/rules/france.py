"""French rules on issuing, numbering, paying and sending invoices electronically, and on keeping books."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as it holds from `since` to `until` (both included; None: open).

    `value` is its figure in `unit`, None for a rule without one. `source` is where it was read, the law's own text or
    somebody's account of it. `conflict` names, as a code, what sources disagree
    about.
    """

    code: str
    since: date
    until: date | None = None
    value: float | None = None
    unit: str = ""
    citation: str
    source: str
    checked_on: date
    conflict: str | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether the rule holds on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


_CHECKED = date(2026, 8, 27)
_TERMS = "https://www.economie.gouv.fr/dgccrf/les-fiches-pratiques/delais-de-paiement-les-regles-connaitre"
_LATE = "https://livv.eu/decisions/penalite-de-retard"
_FINE = "https://french-business-law.com/french-legislation-art/article-l441-16-of-the-french-commercial-code"
_TAX = "https://bofip.impots.gouv.fr"
_ISSUE = "https://www.kramerlevin.com/fr"
_EMIT = "https://notaires-office.fr"
_EMIT_FINE = "https://www.bizouard.com"
_KEEP = "https://www.economie.gouv.fr"
_LME = date(2009, 1, 1)

FRANCE: tuple[Rule, ...] = (
    # Paying
    Rule(code="terms_default", since=_LME, value=30, unit="days", citation="C. com. L441-10 I",
         source=_TERMS, checked_on=_CHECKED),
    Rule(code="terms_longest", since=_LME, value=60, unit="days", citation="C. com. L441-10 I",
         source=_TERMS, checked_on=_CHECKED),
    Rule(code="terms_end_of_month", since=_LME, value=45, unit="days", citation="C. com. L441-10 I",
         source=_TERMS, checked_on=_CHECKED, conflict="two_readings_of_end_of_month"),
    Rule(code="terms_periodic", since=date(2014, 3, 19), value=45, unit="days", citation="C. com. L441-10 I",
         source=_TERMS, checked_on=_CHECKED),
    Rule(code="late_fixed_sum", since=date(2013, 1, 1), value=40, unit="eur", citation="C. com. L441-10 II, D441-5",
         source=_LATE, checked_on=_CHECKED),
    Rule(code="late_default_rate", since=_LME, value=0.10, unit="above_ecb_rate", citation="C. com. L441-10 II",
         source=_LATE, checked_on=_CHECKED),
    Rule(code="late_lowest_rate", since=_LME, value=3, unit="times_legal_rate", citation="C. com. L441-10 II",
         source=_LATE, checked_on=_CHECKED),
    Rule(code="late_fine_company", since=date(2016, 12, 11), value=2_000_000, unit="eur", citation="C. com. L441-16",
         source=_FINE, checked_on=_CHECKED),
    # Issuing and numbering
    Rule(code="issue_at_once", since=date(2003, 7, 1), until=date(2026, 8, 31), citation="CGI 289, I-3",
         source=_TAX, checked_on=_CHECKED),
    Rule(code="issue_at_once", since=date(2026, 9, 1), citation="CGI 289, I-3 / CIBS L216-33 s.",
         source=_TAX, checked_on=_CHECKED, conflict="code_moves_on_two_dates"),
    Rule(code="issue_periodic", since=date(2003, 7, 1), until=date(2026, 8, 31), citation="CGI 289, I-3",
         source=_TAX, checked_on=_CHECKED),
    Rule(code="issue_periodic", since=date(2026, 9, 1), citation="CGI 289, I-3 / CIBS L216-33 s.",
         source=_TAX, checked_on=_CHECKED, conflict="code_moves_on_two_dates"),
    Rule(code="issue_fine_company", since=date(2019, 4, 26), value=375_000, unit="eur", citation="C. com. L441-9",
         source=_ISSUE, checked_on=_CHECKED),
    Rule(code="number_continuous", since=date(2003, 7, 1), citation="CGI ann. II, 242 nonies A, 7°",
         source=_TAX, checked_on=_CHECKED),
    Rule(code="missing_mention", since=date(2006, 1, 1), value=15, unit="eur", citation="CGI 1737, II",
         source=_TAX, checked_on=_CHECKED),
    # Electronic invoices
    Rule(code="einvoice_receive", since=date(2026, 9, 1), citation="CGI 289 bis", source=_EMIT, checked_on=_CHECKED,
         conflict="code_moves_on_two_dates"),
    Rule(code="einvoice_emit_large", since=date(2026, 9, 1), citation="CGI 289 bis", source=_EMIT,
         checked_on=_CHECKED, conflict="code_moves_on_two_dates"),
    Rule(code="einvoice_emit_small", since=date(2027, 9, 1), citation="CGI 289 bis", source=_EMIT,
         checked_on=_CHECKED, conflict="may_be_put_off"),
    Rule(code="einvoice_fine", since=date(2026, 9, 1), value=50, unit="eur", citation="CGI 1737, III",
         source=_EMIT_FINE, checked_on=_CHECKED, conflict="older_pages_say_15"),
    Rule(code="einvoice_fine_cap", since=date(2026, 9, 1), value=15_000, unit="eur", citation="CGI 1737, III",
         source=_EMIT_FINE, checked_on=_CHECKED),
    # Keeping
    Rule(code="keep_tax", since=date(2000, 1, 1), value=6, unit="years", citation="LPF L102 B",
         source=_KEEP, checked_on=_CHECKED),
    Rule(code="keep_books", since=date(2000, 9, 21), value=10, unit="years", citation="C. com. L123-22",
         source=_KEEP, checked_on=_CHECKED),
)  # fmt: skip
"""French rules, oldest wording first; a rule that changes gets another row."""
