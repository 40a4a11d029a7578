"""What a ledger alone says of the back office's cost: accounts where it hides, of the whole firm."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import last_complete_month, month_end, month_start
from signals.costs import booked
from signals.policy import Policy
from signals.rates import sources_of

_LEDGER_LINES: Mapping[str, tuple[str, ...]] = {
    "temporary_staff": ("621",),
    "fees": ("6226",),
    "training": ("6333", "6228"),
    "tools": ("651", "6135"),
    "penalties": ("6710", "6711", "6712", "6581", "6582"),  # not 6713 (gifts) and 6714 (bad debts)
}
_WAGES = ("641", "645")


@dataclass(frozen=True, slots=True)
class LedgerCosts:
    """What the ledger books on accounts where back-office cost hides, in EUR a month, wages apart."""

    name: ClassVar[str] = "ledger_admin_costs"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Add up the last twelve months of ledger, one note a line.

        The whole firm's: an upper bound for the back office, and so the value has no lower one. Wages are noted and
        not added; who of the firm does back-office work isn't in a ledger.
        """
        answer = Measure(name=self.name, kpi="K51", signal=SignalName.HIDDEN_COST, unit=Unit.EUR_PER_MONTH)
        book = booked(books, last_complete_month(books.as_of))
        if book is None:
            return replace(answer, reason=Reason("no_ledger"))
        lines = {name: book.per_month(*accounts) for name, accounts in _LEDGER_LINES.items()}
        found = {name: amount for name, amount in lines.items() if amount is not None}
        notes = [Reason("ledger_line", {"line": name, "eur_per_month": amount}) for name, amount in found.items()]
        wages = book.per_month(*_WAGES)
        if wages is not None:
            notes.append(Reason("ledger_wages_whole_firm", {"eur_per_month": wages}))
        if not notes:
            return replace(answer, reason=Reason("no_cost_accounts"))
        total = sum(found.values())
        return replace(
            answer,
            value=total,
            high=total,
            n=book.months,
            window=(month_start(book.first_month), month_end(book.last_month)),
            tier=Tier.PROXY,
            sources=sources_of(book.rows),
            notes=tuple(notes),
        )
