"""What happened in the made-up company whose books the Tryton of the tests keeps."""

import datetime as dt

PASSWORDS = {"admin": "admin-pass-1", "agathe": "agathe-pass-1", "basile": "basile-pass-1", "seuil": "seuil-pass-1"}
READABLE = (
    "account.invoice", "account.invoice.line", "account.move", "account.move.line", "account.move.reconciliation",
    "account.journal", "account.dunning", "account.dunning.level", "timesheet.line", "timesheet.work",
)  # fmt: skip
"""What the reader's group may read, and nothing else."""

GROUPS = ("Account", "Accounting", "Dunning", "Timesheet Administration")
"""The groups of those who work there, in the words of 7.0 and of 8.x."""

# customer, day issued, net; then the day it was paid and how much of it
SALES: tuple[tuple[str, dt.date, int, dt.date | None, int], ...] = (
    ("Scierie Vauclair", dt.date(2026, 1, 9), 1200, dt.date(2026, 2, 6), 1200),
    ("Mairie de Plessac", dt.date(2026, 1, 16), 860, dt.date(2026, 2, 27), 860),
    ("Garage Thouvenin", dt.date(2026, 1, 30), 2450, None, 0),
    ("Scierie Vauclair", dt.date(2026, 2, 6), 1100, dt.date(2026, 3, 9), 1100),
    ("Cave des Essarts", dt.date(2026, 2, 13), 640, None, 0),
    ("Mairie de Plessac", dt.date(2026, 2, 27), 930, dt.date(2026, 3, 30), 400),
    ("Garage Thouvenin", dt.date(2026, 3, 6), 1750, None, 0),
    ("Scierie Vauclair", dt.date(2026, 3, 13), 1300, dt.date(2026, 4, 10), 1300),
    ("Cave des Essarts", dt.date(2026, 3, 27), 720, None, 0),
    ("Mairie de Plessac", dt.date(2026, 4, 10), 990, None, 0),
)
PURCHASES: tuple[tuple[str, str, dt.date, int], ...] = (
    ("Quincaillerie Morin", "QM-5512", dt.date(2026, 2, 3), 310),
    ("Assurances du Vallon", "AV-2026-11", dt.date(2026, 3, 4), 1480),
)
WORK: tuple[tuple[str, str, dt.date, float], ...] = (
    ("agathe", "Facturation", dt.date(2026, 4, 1), 1.5),
    ("agathe", "Chantier Plessac", dt.date(2026, 4, 1), 4.0),
    ("agathe", "Relances clients", dt.date(2026, 4, 2), 0.75),
    ("basile", "Facturation", dt.date(2026, 4, 2), 3.0),
    ("basile", "Chantier Plessac", dt.date(2026, 4, 3), 2.0),
)
CREDITED = dt.date(2026, 4, 17)
DUNNED = ((dt.date(2026, 3, 20), "basile"), (dt.date(2026, 4, 24), "basile"))
