"""One invoice, from a line of a file to the verdict page, on a served Seuil, as a finance lead would do it."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Engine, select

from app.access import make_owner
from app.db import read, write
from app.models.core import touched_month
from app.models.facts import issue_fact
from app.models.records import document
from app.models.watch import letter as letter_table
from app.schedule import steps, tick
from app.settings import Settings
from tests.conftest import NOW
from tests.mail_server import HOST, Desk, mail_server
from tests.serving import served

FEC_HEADER = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise"
)
LIST_HEADER = "number;customer;customer_name;service_on;issued_on;due_on;paid_on;corrected_on;total"
OURS = "F-2026-0142"  # the invoice we follow: served on 1 October, issued on 12 November


def fec() -> bytes:
    """Write a ledger of 300 sales, ours among them."""
    lines = [FEC_HEADER]
    for n in range(1, 301):
        issued = date(2025, 12, 1) + timedelta(days=n)
        piece, net = f"F-2026-{n:04d}", 10_000 + n
        for account, party, debit, credit in (
            ("411000", "CLAIRVAUX", net * 12 // 10, 0),
            ("706000", "", 0, net),
            ("445710", "", 0, net * 12 // 10 - net),
        ):
            amounts = f"{debit // 100},{debit % 100:02d}|{credit // 100},{credit % 100:02d}"
            day = f"{issued:%Y%m%d}"
            label = "Clairvaux SARL" if party else ""
            head = f"VT|Ventes|{n}|{day}|{account}|Compte|{party}|{label}"
            lines.append(f"{head}|{piece}|{day}|Facture {piece}|{amounts}|||{day}||")
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def listed(n: int) -> str:
    """Write a row of the invoice list: one in three is late; ours was served on 1 October."""
    issued = date(2026, 1, 1) + timedelta(days=n)
    served_on = date(2026, 10, 1) if n == 142 else issued - timedelta(days=30 if n % 3 == 0 else 1)
    issued = date(2026, 11, 12) if n == 142 else issued
    fixed = (issued + timedelta(days=9)).isoformat() if n % 20 == 0 else ""
    due = issued + timedelta(days=30)
    return f"F-2026-{n:04d};CLAIRVAUX;Clairvaux SARL;{served_on};{issued};{due};;{fixed};120,00"


@pytest.fixture
def browser(engine: Engine) -> Iterator[httpx.Client]:
    """A signed-in reader."""
    with write(engine) as conn:
        make_owner(conn, "daf@menuiserie.fr", "trois petits chats", NOW)
    with (
        served(engine, NOW) as address,
        httpx.Client(
            base_url=address, follow_redirects=True, headers={"Origin": address, "Accept-Language": "fr"}, timeout=60
        ) as client,
    ):
        client.headers["Accept"] = "text/html"
        assert "Se connecter" in client.get("/").text
        client.post("/sign-in", data={"email": "daf@menuiserie.fr", "password": "trois petits chats"})
        yield client


def test_an_invoice_walks_from_a_line_of_a_file_to_the_verdict_page(
    browser: httpx.Client, engine: Engine, company: str
) -> None:
    here = f"/companies/{company}"

    tied = browser.post(
        f"{here}/import", data={"stream": "ledger"}, files={"file": ("123456782FEC20261231.txt", fec())}
    )
    assert tied.status_code == 200
    figures = re.sub(r"[\s\u202f\xa0]", "", re.sub(r"<[^>]+>", " ", tied.text))
    total = sum(10_000 + n for n in range(1, 301))
    assert f"{total // 100}"[:2] in figures  # sales, to tick against the trial balance
    assert "900" in figures  # lines read

    text = "\n".join([LIST_HEADER, *(listed(n) for n in range(1, 311)), "F-2026-0999;X;X;2026-02-30;2026-03-01;;;;1"])
    answer = browser.post(
        f"{here}/import", data={"stream": "invoices"}, files={"file": ("factures.csv", text.encode())}
    )
    assert answer.status_code == 200
    assert "2026-02-30" in answer.text  # the row that can't be read, by line; the 310 others are kept

    with read(engine) as conn:
        row = conn.execute(select(document).where(document.c.number == OURS)).mappings().one()
        lag = select(issue_fact.c.n).where(
            issue_fact.c.service_on == date(2026, 10, 1), issue_fact.c.issued_on == date(2026, 11, 12)
        )
        assert row["service_on"] == date(2026, 10, 1)
        assert row["total_minor"] == 12_000
        assert conn.execute(lag).scalar_one() == 1
        assert conn.execute(select(touched_month)).first() is None

    page = browser.get(here).text
    signal = browser.get(f"{here}/signals/late_invoicing").text
    assert "Menuiserie Aubrac" in page
    assert "Factures émises en retard" in page
    assert "Seuil franchi" in page or "seuil franchi" in page
    assert OURS in signal
    assert "Clairvaux SARL" in signal


def test_the_invoice_ends_in_one_letter_that_leads_back_to_it(
    browser: httpx.Client, engine: Engine, company: str
) -> None:
    """On Sunday the list is imported and crosses; on Monday it is confirmed, and one letter leaves, once."""
    here = f"/companies/{company}"
    text = "\n".join([LIST_HEADER, *(listed(n) for n in range(1, 311))])
    browser.post(f"{here}/import", data={"stream": "invoices"}, files={"file": ("factures.csv", text.encode())})
    reader = {"email": "daf@menuiserie.fr", "language": "fr", "zone": "Europe/Paris"}
    assert browser.post(f"{here}/mail/recipients", data=reader).status_code == 200
    monday = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # 08:00 in Paris

    with mail_server(desk := Desk()):
        letters = Settings(
            smtp_host=HOST, smtp_port=desk.port, smtp_security="none", public_url=str(browser.base_url).rstrip("/")
        )
        registry = steps(letters)
        for now in (NOW, monday - timedelta(minutes=1)):
            tick(engine, lambda now=now: now, registry)  # type: ignore[misc] # the same moment to whoever asks
            assert desk.letters == []
        for hours in (0, 1, 24, 6 * 24):
            tick(engine, lambda now=monday + timedelta(hours=hours): now, registry)  # type: ignore[misc]

    (letter,) = desk.letters
    plain, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    read_text = plain.get_content()
    assert letter["To"] == "daf@menuiserie.fr"
    assert "Menuiserie Aubrac" in letter["Subject"]
    assert "Facturation et relances tardives" in read_text
    pictures = {part["Content-ID"].strip("<>") for part in letter.walk() if part.get_content_type() == "image/png"}
    assert pictures == set(re.findall(r'src="cid:([^"]+)"', html.get_content()))
    assert pictures

    pages = [browser.get(address).text for address in set(re.findall(rf"{here}/alerts/[0-9a-f-]+", read_text))]
    assert any("Factures émises en retard" in page and OURS in page for page in pages)
    leaves = re.search(r"<([^>]+)>", letter["List-Unsubscribe"])
    assert leaves is not None
    assert httpx.post(leaves.group(1), data={"List-Unsubscribe": "One-Click"}).status_code == 200
    tick(engine, lambda: monday + timedelta(days=7), registry)
    with read(engine) as conn:
        assert conn.execute(select(letter_table.c.period)).scalars().all() == ["2026-W48"]


def test_a_company_with_nothing_says_it_cannot_say_and_how_to_begin(browser: httpx.Client, company: str) -> None:
    page = browser.get(f"/companies/{company}").text

    assert "ce n’est pas « calme »" in page.replace("\u202f", " ").replace("\xa0", " ")
    assert "Pas nécessaire" not in page
    assert f"/companies/{company}/import" in page
