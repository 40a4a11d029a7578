"""Time the pages a finance lead opens: `python benchmarks/pages.py [--companies N] [--company DATABASE]`.

One server, signed in, one client at a time and then four: the list of N companies (5,000) with a year of weekly answers
each (cut to what the list reads) – its first page, a search, a filter, a page deep inside – beside a constant. With
`--company`, the page of the one company in a database made by `benchmarks.scale`, and the first page of its evidence.
"""

import argparse
import json
import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.polled import driven, served

WEEKS = 52
Asked = tuple[str, dict[str, str], int]


def signed_in(url: str) -> dict[str, str]:
    """Make an owner and give the header of a sign-in."""
    from app.access import holder_called, let_in, make_owner  # noqa: PLC0415
    from app.clock import utc_now  # noqa: PLC0415
    from app.db import open_database, write  # noqa: PLC0415
    from app.migrate import migrate  # noqa: PLC0415

    engine, now = open_database(url), utc_now()
    migrate(engine)
    with write(engine) as conn:
        make_owner(conn, "owner@benchmark.example", "a very long password", now)
        holder = holder_called(conn, "owner@benchmark.example")
        assert holder is not None  # noqa: S101 - there is one now
        token = let_in(conn, holder, now)
    engine.dispose()
    return {"cookie": f"seuil_sign_in={token}"}


def fill(url: str, companies: int) -> None:
    """Write companies with a year of weekly answers, all of the demonstration's size, and an alert in one of ten."""
    from sqlalchemy import insert, select  # noqa: PLC0415

    from app.alerts import update_failure  # noqa: PLC0415
    from app.assessment import latest  # noqa: PLC0415
    from app.clock import utc_now  # noqa: PLC0415
    from app.companies import add_company  # noqa: PLC0415
    from app.db import open_database, read, write  # noqa: PLC0415
    from app.models.answers import assessment, standing  # noqa: PLC0415
    from app.standings import RANKS, stand  # noqa: PLC0415
    from benchmarks.polled import prepared  # noqa: PLC0415

    demo, _, _ = prepared(url)
    engine, now, drawn = open_database(url), utc_now(), random.Random(1)  # noqa: S311 - the same each time
    with read(engine) as conn:
        whole = latest(conn, demo)
        assert whole is not None  # noqa: S101 - assessed just now
    verdicts = list(RANKS)
    for first in range(0, companies, 100):
        with write(engine) as conn:
            for n in range(first, min(first + 100, companies)):
                made = add_company(conn, f"Société {drawn.choice(NAMES)} {n:05}", now, zone="Europe/Paris")
                verdict = drawn.choices(verdicts, [5, 10, 15, 10, 60])[0]
                body = _short(whole.content, verdict)
                rows = [
                    {"company_id": made, "process": "all", "as_of": now.date() - timedelta(weeks=w), "known_at": now,
                     "verdict": verdict, "reconstructed": False, "body": body, "etag": "x"}
                    for w in range(WEEKS)
                ]  # fmt: skip
                conn.execute(insert(assessment), rows)
                stand(conn, made)
                if n % 10 == 0:
                    update_failure(conn, made, "source:demo", now.date(), now, failed=True, facts={})
    with read(engine) as conn:
        assert len(conn.execute(select(standing.c.company_id)).all()) >= companies  # noqa: S101 - each stands somewhere
    engine.dispose()


NAMES = ("Aubrac", "Brun", "Élan", "Moulin", "Zénith", "Ferrand", "Lissac", "Vallée", "Rivage", "Chêne")


def _short(content: dict[str, Any], verdict: str) -> str:
    """Cut an answer to what the list takes of it when it is kept: 260,000 whole ones would be 36 GB."""
    signals = [{"name": one["name"], "level": one["level"]} for one in content["signals"]]
    kept = {"coverage": content["coverage"], "freshness": content["freshness"], "signals": signals}
    return json.dumps(kept | {"verdict": verdict})


def figures(port: int, asked: dict[str, Asked], rounds: int, seconds: float) -> None:
    """Drive each address in turn, and print what it took."""
    for clients in (1, 4):
        for name, one in asked.items():
            driven(port, one, clients, 0.5)
            found = sorted(
                (driven(port, one, clients, seconds) for _ in range(rounds)), key=lambda each: each["p95_ms"]
            )
            middle = found[len(found) // 2]
            print(
                f"{clients} client{'s' if clients > 1 else ' '}  {name:28} {middle['per_s']:7,.0f} a second, "
                f"p50 {middle['p50_ms']:6.1f} ms, p95 {middle['p95_ms']:6.1f} ms, p99 {middle['p99_ms']:6.1f} ms",
                flush=True,
            )


def many(companies: int, rounds: int, seconds: float) -> None:
    """Time the list of companies."""
    from app.db import open_database, read  # noqa: PLC0415
    from app.portfolio import Asked as Sought  # noqa: PLC0415
    from app.portfolio import portfolio  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/seuil.db"
        fill(url, companies)
        cookie = signed_in(url)
        engine = open_database(url)
        with read(engine) as conn:
            deep = portfolio(conn, Sought(None), limit=min(4_000, companies - 1)).next
        engine.dispose()
        print(f"{companies:,} companies, {WEEKS} answers each; the middle one of {rounds} rounds of {seconds:g} s")
        with served(url) as port:
            asked: dict[str, Asked] = {
                "a constant": ("/constant", {}, 200),
                "first page": ("/", cookie, 200),
                "a search": ("/?q=zenith", cookie, 200),
                "a filter": ("/?verdict=outsource&alerts=1", cookie, 200),
                "a page deep inside": (f"/?cursor={deep}", cookie, 200),
                "API, 100 companies": ("/v1/portfolio", cookie, 200),
            }
            figures(port, asked, rounds, seconds)


def one(database: str, rounds: int, seconds: float) -> None:
    """Time the page of a company of a database that is there."""
    from sqlalchemy import func, select  # noqa: PLC0415

    from app.db import open_database, read  # noqa: PLC0415
    from app.models.core import company  # noqa: PLC0415
    from app.models.records import document  # noqa: PLC0415

    url = f"sqlite:///{database}"
    cookie = signed_in(url)
    engine = open_database(url)
    with read(engine) as conn:
        mine = conn.execute(select(company.c.id).where(company.c.is_demo.is_(False)).limit(1)).scalar_one()
        documents = conn.execute(select(func.count()).where(document.c.company_id == mine)).scalar_one()
    engine.dispose()
    print(f"a company of {documents:,} documents; the middle one of {rounds} rounds of {seconds:g} s")
    with served(url) as port:
        asked: dict[str, Asked] = {
            "a constant": ("/constant", {}, 200),
            "company page": (f"/companies/{mine}", cookie, 200),
            "a signal's page": (f"/companies/{mine}/signals/late_invoicing", cookie, 200),
            "API, readiness": (f"/v1/companies/{mine}/readiness", cookie, 200),
        }
        figures(port, asked, rounds, seconds)


if __name__ == "__main__":
    given = argparse.ArgumentParser(description="The pages a finance lead opens.")
    given.add_argument("--companies", type=int, default=5_000)
    given.add_argument("--company", help="a database made by benchmarks.scale")
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--seconds", type=float, default=2.0)
    _given = given.parse_args()
    if _given.company:
        one(_given.company, _given.rounds, _given.seconds)
    else:
        many(_given.companies, _given.rounds, _given.seconds)
