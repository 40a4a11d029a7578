"""Where each company stands, as a row of figures from its newest answer; and names as they are sought."""

import json
import unicodedata
from datetime import date

import sqlalchemy as sa
from alembic import op

from app.models.types import Day, Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_RANKS = {"outsource": 0, "prepare": 1, "cannot_say": 2, "too_early": 3, "not_needed": 4}
_STANDING = sa.table(
    "standing",
    sa.column("company_id", sa.String),
    sa.column("as_of", Day),
    sa.column("known_at", Instant),
    sa.column("since", Day),
    sa.column("verdict", sa.String),
    sa.column("rank", sa.Integer),
    sa.column("over", sa.String),
    sa.column("signals_over", sa.Integer),
    sa.column("signals_watch", sa.Integer),
    sa.column("signals_known", sa.Integer),
    sa.column("signals", sa.Integer),
    sa.column("gates_known", sa.Integer),
    sa.column("gates", sa.Integer),
    sa.column("reaches", Day),
    sa.column("stale", sa.Boolean),
)
_ANSWER = sa.table(
    "assessment",
    sa.column("company_id", sa.String),
    sa.column("process", sa.String),
    sa.column("as_of", Day),
    sa.column("known_at", Instant),
    sa.column("verdict", sa.String),
    sa.column("body", sa.Text),
)
_COMPANY = sa.table("company", sa.column("id", sa.String), sa.column("name", sa.String), sa.column("name_key", sa.String))


def upgrade() -> None:
    op.create_table(
        "standing",
        sa.Column("company_id", sa.String(36), nullable=False),
        sa.Column("as_of", Day, nullable=False),
        sa.Column("known_at", Instant, nullable=False),
        sa.Column("since", Day, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("over", sa.String(120), nullable=False),
        sa.Column("signals_over", sa.Integer(), nullable=False),
        sa.Column("signals_watch", sa.Integer(), nullable=False),
        sa.Column("signals_known", sa.Integer(), nullable=False),
        sa.Column("signals", sa.Integer(), nullable=False),
        sa.Column("gates_known", sa.Integer(), nullable=False),
        sa.Column("gates", sa.Integer(), nullable=False),
        sa.Column("reaches", Day, nullable=True),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_standing_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_standing")),
    )
    op.add_column("company", sa.Column("name_key", sa.String(400), server_default="", nullable=False))
    conn = op.get_bind()
    for company_id, name in conn.execute(sa.select(_COMPANY.c.id, _COMPANY.c.name)).all():
        key = {"name_key": _folded(name)[:400]}
        conn.execute(sa.update(_COMPANY).where(_COMPANY.c.id == company_id).values(key))
        _stand(conn, company_id)


def _folded(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in spread if not unicodedata.combining(one)).split())


def _stand(conn: sa.Connection, company_id: str) -> None:
    a = _ANSWER.c
    mine = (a.company_id == company_id, a.process == "all")
    row = conn.execute(sa.select(a.as_of, a.known_at, a.verdict, a.body).where(*mine).order_by(a.as_of.desc())).first()
    if row is None:
        return
    other = conn.execute(sa.select(sa.func.max(a.as_of)).where(*mine, a.verdict != row.verdict)).scalar()
    after = sa.select(sa.func.min(a.as_of)).where(*mine, *([a.as_of > other] if other is not None else []))
    body = json.loads(row.body)
    signals = body.get("signals", [])
    over = [signal["name"] for signal in signals if signal.get("level") == "over"]
    cover, fresh = body.get("coverage") or {}, body.get("freshness") or {}
    conn.execute(
        sa.insert(_STANDING).values(
            company_id=company_id,
            as_of=row.as_of,
            known_at=row.known_at,
            since=conn.execute(after).scalar_one(),
            verdict=row.verdict,
            rank=_RANKS[row.verdict] * 10 + 9 - min(len(over), 9),
            over=" ".join(("", *over, "")) if over else "",
            signals_over=len(over),
            signals_watch=sum(signal.get("level") == "watch" for signal in signals),
            signals_known=cover.get("signals_known", 0),
            signals=cover.get("signals", len(signals)),
            gates_known=cover.get("gates_known", 0),
            gates=cover.get("gates", 0),
            reaches=date.fromisoformat(fresh["reaches"]) if fresh.get("reaches") else None,
            stale=bool(fresh.get("stale")) or not fresh.get("reaches"),
        )
    )


def downgrade() -> None:
    op.drop_column("company", "name_key")
    op.drop_table("standing")
