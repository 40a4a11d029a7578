"""Customer and supplier invoices, as Dolibarr has them."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from connectors.dolibarr.fields import Days, Row, amount, instant, key, missing, needed, number, text, unknown
from connectors.dolibarr.source import Listing
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice

LISTS: Mapping[Direction, Listing] = {
    Direction.SALE: Listing("/invoices", "facture/lire"),
    Direction.PURCHASE: Listing("/supplierinvoices", "fournisseur/facture/lire"),
}
WHO = "user_creation_id,user_author,fk_user_author"  # as 20 and 22 call it, and 16
DIRECT_DEBIT = "PRE"

_STATUSES: Mapping[str, DocumentStatus] = {
    "0": DocumentStatus.DRAFT,
    "1": DocumentStatus.FINAL,
    "2": DocumentStatus.FINAL,
    "3": DocumentStatus.CANCELLED,
}
_CREDIT_NOTE = "2"
_KINDS: Mapping[str, DocumentKind] = {
    "0": DocumentKind.INVOICE,
    "1": DocumentKind.INVOICE,  # in the place of one that was cancelled
    _CREDIT_NOTE: DocumentKind.CREDIT_NOTE,
    "3": DocumentKind.DEPOSIT,
    "5": DocumentKind.INVOICE,  # of work in progress
}


def id_of(direction: Direction, number_there: int) -> str:
    """Give the identity of a document: both kinds are numbered from one on."""
    return f"{direction.value}:{number_there}"


def read_invoice(direction: Direction, row: Row, days: Days) -> Invoice:
    """Read a document; BadPayload where it makes no sense. Who pays when, and what was mailed, is told elsewhere."""
    number_there = needed(row, "id", key)
    status, kind = read_status(row), _kind(row)
    zone = days.zone_of(row)
    issued_on = days.day(row, "date", zone=zone)
    if issued_on is None and status is not DocumentStatus.DRAFT:
        missing(row, "date")
    is_draft = status is DocumentStatus.DRAFT
    net, tax, total = _amounts(row, kind)
    source = key(row, "fk_facture_source") if kind is DocumentKind.CREDIT_NOTE else None
    return Invoice(
        external_id=id_of(direction, number_there),
        direction=direction,
        kind=kind,
        status=status,
        number=None if is_draft else text(row, "ref"),
        party=text(row, "socid"),
        party_label=text(row, "socnom"),
        service_on=_service_on(row, days),
        periodic=True if key(row, "fk_fac_rec_source") else None,
        issued_on=issued_on,
        due_on=days.day(row, "date_lim_reglement", "date_echeance", zone=zone),
        cancelled_on=days.day(row, "date_closing", "date_cloture") if status is DocumentStatus.CANCELLED else None,
        net=net,
        tax=tax,
        total=total,
        currency=text(row, "multicurrency_code") or "EUR",
        author=user(row, *WHO.split(",")),
        validator=user(row, "user_validation_id", "fk_user_valid", "user_valid"),
        corrects=id_of(direction, source) if source else None,
        direct_debit=_direct_debit(row),
        created_at=instant(row, "date_creation", "datec"),
    )


def read_status(row: Row) -> DocumentStatus:
    """Read how far a document has come."""
    value = text(row, "status", "statut", "fk_statut")
    if value is None:
        missing(row, "status")
    elif value in _STATUSES:
        return _STATUSES[value]
    raise unknown("status", str(value))


def rate(row: Row) -> Decimal:
    """Give what one unit of the company's currency is in the document's."""
    found = number(row, "multicurrency_tx")
    return found or Decimal(1)


def user(row: Row, *names: str) -> str | None:
    """Give who it was: a user's number, told from the logins of a company's other tools."""
    found = key(row, *names)
    return f"dolibarr:{found}" if found else None


def _kind(row: Row) -> DocumentKind:
    value = needed(row, "type", text)
    if value not in _KINDS:
        raise unknown("type", value)
    return _KINDS[value]


def _amounts(row: Row, kind: DocumentKind) -> Sequence[Decimal | None]:
    """Read net, tax and total in the document's currency; those of a credit note stand below zero over there."""
    foreign = "multicurrency_" if rate(row) != 1 else ""
    names = [f"{foreign}{name}" for name in ("total_ht", "total_tva", "total_ttc")]
    found = [amount(row, name) for name in names]
    if kind is DocumentKind.CREDIT_NOTE:
        return [abs(each) if each is not None else None for each in found]
    for name, each in zip(names, found, strict=True):
        if each is not None and each < 0:  # neither an invoice nor, as it says, a credit note
            raise unknown(name, str(each))
    return found


def _service_on(row: Row, days: Days) -> date | None:
    """Give the last day of the periods on the lines, else the day the tax is due for."""
    lines = row.get("lines")
    zone = days.zone_of(row)
    told = [
        days.day(line, "date_end", "date_start", zone=zone)
        for line in (lines if isinstance(lines, list) else [])
        if isinstance(line, dict)
    ]
    return max((day for day in told if day), default=None) or days.day(row, "date_pointoftax", zone=zone)


def _direct_debit(row: Row) -> bool | None:
    code = text(row, "mode_reglement_code")
    return code == DIRECT_DEBIT if code else None
