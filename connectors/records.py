"""What a provider can say: one frozen row each, exact, in the field's own words.

Civil dates end in `_on`, instants in `_at` (aware). Money is `Decimal` in the record's currency, except in
ledger lines, which carry integer minor units: a statutory export has millions of them.
People appear only as the login or staff number the source uses; names are the app's to keep apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Stream(StrEnum):
    """One kind of record."""

    INVOICES = "invoices"
    PAYMENTS = "payments"
    REMINDERS = "reminders"
    ACTIVITIES = "activities"
    STAFF = "staff"
    ABSENCES = "absences"
    TIME = "time"
    COSTS = "costs"
    DELIVERIES = "deliveries"
    LEDGER = "ledger"


class Process(StrEnum):
    """A back-office activity that can be handed over."""

    SETUP = "setup"
    INVOICING = "invoicing"
    DUNNING = "dunning"
    PURCHASES = "purchases"
    BANK = "bank"
    PAYROLL = "payroll"
    TAX = "tax"
    DOCUMENTS = "documents"
    REPORTING = "reporting"


class Direction(StrEnum):
    """Who owes whom."""

    SALE = "sale"
    PURCHASE = "purchase"


class DocumentKind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    DEPOSIT = "deposit"


class DocumentStatus(StrEnum):
    """How far a document has come."""

    DRAFT = "draft"
    FINAL = "final"
    CANCELLED = "cancelled"


class CreditReason(StrEnum):
    """Why a credit note was made, where the source says it."""

    ERROR = "error"
    COMMERCIAL = "commercial"


class Refusal(StrEnum):
    """Why the other side, or its platform, refused a document; families of the French e-invoicing reason codes."""

    ENTRY_ERROR = "entry_error"
    OMISSION = "omission"
    DUPLICATE = "duplicate"
    LOST_DOCUMENT = "lost_document"
    NOT_OURS = "not_ours"
    UNDETERMINED = "undetermined"


class StaffRole(StrEnum):
    """What a person or a login is to the company."""

    DIRECTOR = "director"
    ADMIN = "admin"
    OTHER = "other"
    OUTSIDE_ACCOUNTANT = "outside_accountant"
    SHARED_LOGIN = "shared_login"
    BOT = "bot"


class CostKind(StrEnum):
    """What an amount was spent on."""

    WAGES = "wages"
    TEMPORARY_STAFF = "temporary_staff"
    FEES = "fees"
    TRAINING = "training"
    RECRUITING = "recruiting"
    SOFTWARE = "software"
    PENALTIES = "penalties"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A customer or supplier document; credit notes are positive, their kind says what they are."""

    external_id: str
    direction: Direction
    kind: DocumentKind
    status: DocumentStatus
    number: str | None
    party: str | None
    party_label: str | None = None
    service_on: date | None = None
    periodic: bool | None = None
    issued_on: date | None = None
    sent_on: date | None = None
    due_on: date | None = None
    paid_on: date | None = None
    cancelled_on: date | None = None
    corrected_on: date | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    currency: str = "EUR"
    author: str | None = None
    validator: str | None = None
    corrects: str | None = None
    credit_reason: CreditReason | None = None
    disputed: bool | None = None
    direct_debit: bool | None = None
    promised_on: date | None = None  # the day by which the customer promised to pay
    has_attachment: bool | None = None
    created_at: datetime | None = None
    series: str | None = None
    refused_on: date | None = None
    refusal: Refusal | None = None
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received or sent against one invoice."""

    external_id: str
    invoice_id: str | None
    paid_on: date
    amount: Decimal
    currency: str = "EUR"
    bank_reference: str | None = None  # as the bank shows it
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A customer was asked to pay an overdue invoice."""

    external_id: str
    invoice_id: str
    sent_on: date
    level: int | None = None
    channel: str | None = None
    actor: str | None = None
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Somebody did something to a document: raw material of director time and key person."""

    external_id: str
    actor: str
    process: Process
    action: str
    done_at: datetime
    object_id: str | None = None
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """A member of staff, by number; no pay, and the name goes where it can be erased."""

    external_id: str
    actor: str | None = None
    name: str | None = None
    role: StaffRole | None = None
    hours_per_week: Decimal | None = None
    entered_on: date | None = None
    left_on: date | None = None
    team: str | None = None
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Days somebody was not there, both ends included; never why."""

    external_id: str
    employee_id: str
    start_on: date
    end_on: date
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEntry:
    """Minutes somebody spent on a back-office process on a day."""

    external_id: str
    actor: str
    worked_on: date
    minutes: int
    process: Process
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money the back office cost on a day."""

    external_id: str
    incurred_on: date
    kind: CostKind
    amount: Decimal
    currency: str = "EUR"
    process: Process | None = None
    source_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something delivered, or billable work done, on a day; `invoice_id` is empty as long as nobody billed it.

    `amount` is what it is to be billed at, net of tax; `cancelled_on` says since when it is not to be billed any more;
    `billed_monthly` that it is billed with others at the end of the month.
    """

    external_id: str
    delivered_on: date
    party: str | None = None
    party_label: str | None = None
    invoice_id: str | None = None
    invoiced_on: date | None = None
    cancelled_on: date | None = None
    amount: Decimal | None = None
    billed_monthly: bool | None = None
    currency: str = "EUR"
    actor: str | None = None
    source_version: str | None = None


class LedgerLine(NamedTuple):
    """One line of an accounting entry; amounts in integer minor units (cents)."""

    line_number: int
    account: str
    account_label: str
    party: str
    party_label: str
    label: str
    debit_minor: int
    credit_minor: int
    lettering: str
    lettered_on: date | None
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """An accounting entry, whole: half an entry is a false balance.

    Its identity is (fiscal year, journal, number); its lines compare as a multiset.
    `fiscal_year` is the year in which the exercise closes.
    """

    fiscal_year: int
    journal: str
    journal_label: str
    number: str
    entry_on: date
    piece_ref: str
    piece_on: date | None
    valid_on: date | None
    lines: Sequence[LedgerLine]

    @property
    def external_id(self) -> str:
        """The entry's identity as one text: fiscal year, journal and number."""
        return f"{self.fiscal_year}/{self.journal}/{self.number}"


Record = Invoice | Payment | Reminder | Activity | Employee | Absence | TimeEntry | Cost | Delivery
