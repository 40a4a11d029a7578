"""Make the Tryton database of the tests: a small French company with a made-up year, the same figures each time.

Run from the repository with the Python of an environment that has Tryton (7.0 or 8.x), never with Seuil's own:

    PYTHON -m tests.live.tryton.prepare FOLDER         the database in FOLDER/seuil.sqlite
    PYTHON -m tests.live.tryton.prepare FOLDER FILE    and packed as FILE (.sqlite.xz)

What the server dates by its own clock (creations, changes, reminders) is set back by SQL at the end.
"""

import datetime as dt
import lzma
import sqlite3
import subprocess
import sys
from contextlib import closing
from os import environ
from pathlib import Path

from tests.live.tryton.seed import Seed
from tests.live.tryton.story import CREDITED, DUNNED, PASSWORDS, SALES

MODULES = ("account_invoice", "account_dunning", "account_fr", "company", "timesheet")


def initialise(folder: Path) -> Path:
    """Make an empty database with the modules, and give the server's configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    database, config, password = folder / "seuil.sqlite", folder / "trytond.conf", folder / "password"
    database.unlink(missing_ok=True)
    database.touch()
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n")
    password.write_text(PASSWORDS["admin"] + "\n")
    command = [str(Path(sys.executable).parent / "trytond-admin"), "-c", str(config), "-d", "seuil", "-u", *MODULES]
    command += ["--activate-dependencies", "--email", "admin@example.invalid"]
    subprocess.run(command, check=True, env={**environ, "TRYTONPASSFILE": str(password)})  # noqa: S603 - our own words
    return config


def set_back(database: Path) -> None:
    """Date what the server dated by its own clock on the days of the story, and leave out what is of no use."""
    paid = {day: paid_on for _, day, _, paid_on, _ in SALES if paid_on}
    credited = f"{CREDITED} 10:00:00.000000"
    with closing(sqlite3.connect(database)) as conn, conn:
        invoices = dict(conn.execute("SELECT id, invoice_date FROM account_invoice").fetchall())
        for number, told in invoices.items():
            day = dt.date.fromisoformat(told)
            last = f"{paid[day]} 16:00:00.000000" if day in paid else f"{day} 09:00:00.000000"
            conn.execute(
                "UPDATE account_invoice SET create_date = ?, write_date = CASE WHEN state = 'draft' THEN NULL "
                "WHEN state = 'cancelled' THEN ? ELSE ? END WHERE id = ?",
                (f"{day} 08:30:00.000000", credited, last, number),
            )
        log = conn.execute("SELECT id, resource, target, create_date FROM ir_model_log ORDER BY id").fetchall()
        rounds = sorted({at for _, resource, _, at in log if str(resource).startswith("account.dunning,")})
        for key, resource, target, at in log:
            model, _, number = str(resource).partition(",")
            on = credited
            if model == "account.dunning":
                on = f"{DUNNED[rounds.index(at)][0]} 09:30:00.000000"
            elif model == "account.invoice" and str(target).startswith(("post", "account.invoice.pay", "state:paid")):
                day = dt.date.fromisoformat(invoices[int(number)])
                on = f"{day} 09:00:00.000000" if target == "post" else f"{paid.get(day, CREDITED)} 16:00:00.000000"
            conn.execute("UPDATE ir_model_log SET create_date = ? WHERE id = ?", (on, key))
        first, second = (f"{day} 09:30:00.000000" for day, _ in DUNNED)
        conn.execute(
            "UPDATE account_dunning SET date = ?, write_date = ?, create_date = CASE WHEN level = "
            "(SELECT MIN(id) FROM account_dunning_level) THEN ? ELSE ? END",
            (DUNNED[1][0].isoformat(), second, second, first),
        )
        conn.execute("UPDATE timesheet_line SET create_date = date || ' 17:30:00.000000', write_date = NULL")
        conn.execute("DELETE FROM ir_session")
    with closing(sqlite3.connect(database)) as conn:
        conn.execute("VACUUM")


def main(folder: Path, packed: Path | None) -> None:
    """Make the database, and pack it where a file is named for that."""
    seed = Seed(initialise(folder))
    for step in (seed.company, seed.people, seed.invoices, seed.remind, seed.time):
        print(step.__name__, flush=True)  # noqa: T201 - a script that takes its time
        step()
    set_back(folder / "seuil.sqlite")
    if packed is not None:
        packed.write_bytes(lzma.compress((folder / "seuil.sqlite").read_bytes(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
