"""Which detector belongs to which signal, and which one carries its level."""

from dataclasses import dataclass

from signals.base import Detector, SignalName
from signals.books import Books
from signals.confirmed_duplicates import ConfirmedDuplicates
from signals.contacts import ContactTwins
from signals.credit_reasons import ErrorCreditNotes
from signals.director_time import DirectorHours
from signals.double_payments import DoublePayments
from signals.duplicates import Duplicates
from signals.entering import BackDated, OutOfHoursEntries
from signals.growth import Growth
from signals.hidden_cost import FullCost, HiddenRatio
from signals.key_person import BackupPresence, EffectiveActors, HolidayTest, SoleOperators
from signals.late_invoicing import AccruedPurchases, AccruedSales, LateIssued, Unreminded
from signals.ledger import BookingLag, LedgerVolume, StructuralFaults, Suspense, Unlettered
from signals.ledger_costs import LedgerCosts
from signals.missing_documents import MissingDocuments
from signals.numbering import NumberingGaps
from signals.quality import CreditNoteRate, ErrorRate
from signals.refusals import RefusalRate
from signals.sessions import OutOfHoursShare
from signals.truck_factor import DepartureAhead, SameHands, TruckFactor
from signals.unit_costs import InvoiceCost, SupplierInvoiceCost
from signals.whose import CUSTOMERS, OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalDetectors:
    """A signal's detectors.

    The first of `primary` that has a value carries the level; `half` is a second question of the same signal;
    `floor` names the policy's materiality floor, "" for states, which know the limit rule only.
    """

    name: SignalName
    primary: tuple[Detector, ...]
    half: Detector | None = None
    explains: tuple[Detector, ...] = ()
    beside: tuple[Detector, ...] = ()  # what others do, shown apart: how customers pay is not our lateness
    floor: str = ""
    streams: tuple[str, ...] = ()
    half_streams: tuple[str, ...] = ()  # what the half needs besides
    stand_in: tuple[str, ...] = ()  # what tells of it where none of `streams` is there

    def told_by(self, books: Books) -> tuple[str, ...]:
        """Give the streams whose silence would make this signal's answer an old one."""
        there = books["feeds"]["stream"].isin(self.streams).any()
        return self.streams if there or not self.stand_in else self.stand_in


SIGNALS: tuple[SignalDetectors, ...] = (
    SignalDetectors(
        name=SignalName.LATE_INVOICING,
        primary=(LateIssued(), AccruedSales()),
        half=Unreminded(),
        explains=(AccruedSales(), AccruedPurchases(), *OURS),
        beside=CUSTOMERS,
        floor="rate_floor",
        streams=("invoices", "ledger"),
        half_streams=("reminders",),
    ),
    SignalDetectors(
        name=SignalName.DIRECTOR_TIME,
        primary=(DirectorHours(),),
        explains=(OutOfHoursShare(),),
        floor="hours_floor",
        streams=("time",),
        stand_in=("activities",),
    ),
    SignalDetectors(
        name=SignalName.QUALITY,
        primary=(ErrorRate(),),
        explains=(
            CreditNoteRate(),
            ErrorCreditNotes(),
            RefusalRate(),
            Duplicates(),
            ConfirmedDuplicates(),
            DoublePayments(),
            NumberingGaps(),
            MissingDocuments(),
            ContactTwins(),
            BackDated(),
            OutOfHoursEntries(),
            StructuralFaults(),
            Suspense(),
            BookingLag(),
            Unlettered(),
        ),
        floor="rate_floor",
        streams=("invoices", "ledger"),
    ),
    SignalDetectors(
        name=SignalName.KEY_PERSON,
        primary=(SoleOperators(),),
        explains=(HolidayTest(), BackupPresence(), EffectiveActors(), TruckFactor(), DepartureAhead(), SameHands()),
        streams=("activities", "reminders", "time", "invoices"),
    ),
    SignalDetectors(
        name=SignalName.HIDDEN_COST,
        primary=(HiddenRatio(),),
        explains=(FullCost(), InvoiceCost(), SupplierInvoiceCost(), LedgerCosts()),
        streams=("time", "costs", "ledger"),
    ),
)

# Measures of no signal.
EXPLAINS: tuple[Detector, ...] = (LedgerVolume(), Growth())
VOLUME_STREAMS = ("invoices", "ledger")
