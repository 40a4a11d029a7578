"""Accounts: what is asked, what a first look shows, what is kept of both, and a new key for what opens them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine, func, select, update

from app.accounts import seal_credentials
from app.companies import add_company, connection_for
from app.connecting import Answers, answers_of, complete, disconnect, is_connected, save_account, zone_named
from app.db import read, write
from app.errors import BadInput, Refused
from app.intake import find_source, save_page
from app.models.core import bookmark, connection, oauth_flow
from app.models.records import document, quarantined
from app.reached import Place, place_of, place_text, reason_text, streams_reached
from app.rotation import rotate_key
from app.settings import Settings
from app.sights import Sight, Standing, can_be_saved, common_trouble, shows_nothing, streams_to_read, try_account
from app.trials import KEPT_FOR, Trials
from app.vault import Vault, open_vault
from connectors.account import Account
from connectors.base import Ask, AskKind, Cursor, Evidence, Fault, Page, Pages, Provider
from connectors.errors import AccessDenied, Unavailable
from connectors.records import Stream
from tests.conftest import NOW
from tests.small_source import invoice, reminder

SECRET = "s3cr3t-of-the-test"
KEY = Fernet.generate_key().decode()
SETTINGS = Settings(database_url="sqlite://", secret_key=SecretStr(KEY))
ASKS = (
    Ask("address", AskKind.ADDRESS),
    Ask("login"),
    Ask("words", AskKind.WORDS, default="facture, relance", required=False),
    Ask("password", AskKind.SECRET),
)
FEEDS = {
    Stream.INVOICES: Evidence.DIRECT,
    Stream.REMINDERS: Evidence.DIRECT,
    Stream.ACTIVITIES: Evidence.PROXY,
    Stream.STAFF: Evidence.DIRECT,
}
GIVEN = {"address": "https://erp.example.com", "login": "seuil", "password": SECRET}
INVOICES = Page((invoice(1), invoice(2)), {"next": "2"}, (Fault("amount_missing", "F3"),))


@dataclass
class FakeSource:
    """Answers each stream with what it was told to; counts what it is asked for."""

    name: ClassVar[str] = "demo"
    told: Mapping[Stream, Any]
    asked: list[Stream] = field(default_factory=list)

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {stream: self._pages(stream) for stream in self.told}

    def _pages(self, stream: Stream) -> Pages:
        def pages(cursor: Cursor | None) -> Iterator[Page]:
            assert cursor is None
            for each in self.told[stream]:
                self.asked.append(stream)
                if isinstance(each, Exception):
                    raise each
                yield each

        return pages


def provider(
    told: Mapping[Stream, Any], then: Callable[[Account], None] = lambda _: None
) -> tuple[Provider, FakeSource]:
    """A provider whose accounts all show the same; `then` sees the account."""
    source = FakeSource(told)

    def connect(account: Account) -> FakeSource:
        then(account)
        return source

    return Provider("demo", "Fausse ERP", FEEDS, connect, ASKS), source


def account(**more: Any) -> Account:
    return Account({}, {}, ZoneInfo("Europe/Paris"), NOW, **more)


def sights(told: Mapping[Stream, Any]) -> dict[Stream, Sight]:
    fake, _ = provider(told)
    return {sight.stream: sight for sight in try_account(fake, account())}


# What is asked


def test_answers_are_sorted_into_what_may_be_shown_and_what_may_not() -> None:
    fake, _ = provider({})
    answers = complete(fake, GIVEN)

    assert answers.settings == {"address": GIVEN["address"], "login": "seuil", "words": "facture, relance"}
    assert answers.secrets == {"password": SECRET}
    assert SECRET not in repr(answers)


def test_a_required_answer_that_lacks_and_one_that_is_not_asked_for_are_refused() -> None:
    fake, _ = provider({})
    with pytest.raises(BadInput) as missing:
        complete(fake, GIVEN | {"login": "  "})
    with pytest.raises(BadInput) as strange:
        complete(fake, GIVEN | {"colour": "red"})

    assert (missing.value.code, missing.value.params) == ("answer_missing", {"answer": "login"})
    assert (strange.value.code, strange.value.params["name"]) == ("no_such_answer", "colour")


def test_a_secret_left_blank_stays_and_is_sent_to_no_other_host() -> None:
    fake, _ = provider({})
    before = complete(fake, GIVEN)
    edited = complete(fake, {**GIVEN, "login": "other", "password": ""}, before)
    elsewhere = {**GIVEN, "address": "https://evil.example.net", "password": ""}
    with pytest.raises(BadInput) as refused:
        complete(fake, elsewhere, before)
    again = complete(fake, elsewhere | {"password": "another"}, before)

    assert (edited.settings["login"], edited.secrets) == ("other", {"password": SECRET})
    assert (refused.value.code, refused.value.params) == ("secret_for_another_address", {"host": "erp.example.com"})
    assert again.secrets == {"password": "another"}


def test_a_zone_is_one_there_is() -> None:
    assert zone_named(" ", "Europe/Paris") == "Europe/Paris"
    with pytest.raises(BadInput):
        zone_named("Europe/Aurillac", "Europe/Paris")


# What a first look shows


def test_a_look_reads_the_first_page_of_each_stream_and_no_more() -> None:
    fake, source = provider({Stream.INVOICES: [INVOICES, Page((), {})], Stream.REMINDERS: [Page((reminder(1),), {})]})
    seen = {sight.stream: sight for sight in try_account(fake, account())}

    assert source.asked == [Stream.INVOICES, Stream.REMINDERS]
    assert (seen[Stream.INVOICES].rows, seen[Stream.INVOICES].refused) == (2, 1)
    assert [seen[stream].standing.value for stream in FEEDS] == ["granted", "granted", "absent", "absent"]
    assert seen[Stream.ACTIVITIES].evidence is Evidence.PROXY


def test_a_missing_right_is_named_for_its_stream_and_the_others_are_looked_at() -> None:
    seen = sights(
        {
            Stream.INVOICES: [AccessDenied(code="right_missing", params={"right": "facture/lire"})],
            Stream.REMINDERS: [Unavailable(code="answered_badly", params={"host": "h", "status": "502"})],
            Stream.ACTIVITIES: [Page((), {})],
            Stream.STAFF: [],
        }
    )
    listed = list(seen.values())

    assert [sight.standing.value for sight in listed] == ["denied", "unavailable", "granted", "granted"]
    assert seen[Stream.INVOICES].params == {"right": "facture/lire"}
    assert streams_to_read(listed) == (Stream.REMINDERS, Stream.ACTIVITIES, Stream.STAFF)
    assert can_be_saved(listed)
    assert shows_nothing(listed)


def test_all_that_can_be_read_is_all_there_is() -> None:
    listed = list(sights({Stream.INVOICES: [INVOICES]}).values())

    assert streams_to_read(listed) is None
    assert not shows_nothing(listed)
    assert common_trouble(listed) is None


def test_an_address_that_leads_nowhere_is_asked_once() -> None:
    away = Unavailable(code="unreachable", params={"host": "h", "error": "ConnectError"})
    fake, source = provider({stream: [away] for stream in FEEDS})
    seen = try_account(fake, account())
    common = common_trouble(seen)

    assert len(source.asked) == 1
    assert (len(seen), can_be_saved(seen)) == (4, False)
    assert common is not None
    assert common.code == "unreachable"


def test_an_account_that_cannot_even_be_opened_is_said_for_all() -> None:
    def refuse(_: Account) -> None:
        raise AccessDenied(code="access_refused", params={"host": "h", "status": "401"})

    fake, _ = provider({Stream.INVOICES: [INVOICES]}, refuse)
    seen = try_account(fake, account())

    assert {(sight.standing, sight.code) for sight in seen} == {(Standing.DENIED, "access_refused")}
    assert streams_to_read(seen) == ()


def test_a_connectors_own_fault_is_said_and_its_text_kept_out() -> None:
    seen = sights({Stream.INVOICES: [KeyError(SECRET)], Stream.STAFF: [INVOICES]})

    assert (seen[Stream.INVOICES].code, dict(seen[Stream.INVOICES].params)) == ("source_failed", {"error": "KeyError"})
    assert seen[Stream.STAFF].standing is Standing.GRANTED


# What is kept


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


def saved(engine: Engine, company: str, answers: Answers, **more: Any) -> dict[str, Any]:
    """Save an account of the provider, and give its row."""
    fake, _ = provider({})
    kept = {"streams": None, "owner": "daf@example.com", "now": NOW, "zone": "Europe/Paris"} | more
    with write(engine) as conn:
        connection_id = save_account(conn, Vault(KEY), company, fake, answers, **kept)
        return dict(conn.execute(select(connection).where(connection.c.id == connection_id)).mappings().one())


def test_a_saved_account_is_sealed_due_now_and_without_trouble(engine: Engine, company: str, vault: Vault) -> None:
    with write(engine) as conn:
        first = connection_for(conn, company, "demo", NOW - timedelta(days=9))
        conn.execute(update(connection).values(due_at=None, trouble="access_refused", failures=3, troubled_since=NOW))
    fake, _ = provider({})
    row = saved(engine, company, complete(fake, GIVEN), streams=(Stream.INVOICES,), zone="America/Martinique")

    assert (row["id"], row["due_at"], row["connected_by"]) == (first, NOW, "daf@example.com")
    assert (row["trouble"], row["troubled_since"], row["failures"]) == (None, None, 0)
    assert (row["streams"], row["zone"]) == (["invoices"], "America/Martinique")
    assert SECRET not in str(row)
    assert answers_of(row, lambda: vault).secrets == {"password": SECRET}
    assert is_connected(fake, row)


def read_before(engine: Engine, company: str, answers: Answers) -> str:
    row = saved(engine, company, answers)
    with write(engine) as conn:
        save_page(conn, find_source(conn, row["id"]), Stream.INVOICES, INVOICES, NOW)
    return str(row["id"])


def count(engine: Engine, table: Any) -> int:
    with read(engine) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_under_other_settings_everything_is_read_anew_and_under_the_same_it_goes_on(
    engine: Engine, company: str
) -> None:
    fake, _ = provider({})
    read_before(engine, company, complete(fake, GIVEN))
    saved(engine, company, complete(fake, GIVEN | {"password": "renewed"}))
    bookmarks = count(engine, bookmark)
    saved(engine, company, complete(fake, GIVEN | {"words": "devis"}))

    assert (bookmarks, count(engine, bookmark), count(engine, document)) == (1, 0, 2)


def test_an_account_whose_key_is_lost_shows_its_settings_only(engine: Engine, company: str) -> None:
    fake, _ = provider({})
    row = saved(engine, company, complete(fake, GIVEN))
    answers = answers_of(row, lambda: Vault(Fernet.generate_key().decode()))

    assert (answers.settings["login"], dict(answers.secrets)) == ("seuil", {})


def test_the_demonstration_takes_no_account(engine: Engine) -> None:
    with write(engine) as conn:
        made_up = add_company(conn, "Atelier", NOW, zone="Europe/Paris", is_demo=True)
    with pytest.raises(Refused):
        saved(engine, made_up, Answers())


@pytest.mark.parametrize("keep", [True, False])
def test_a_disconnected_account_is_forgotten_and_its_records_stay_or_go(
    engine: Engine, company: str, *, keep: bool
) -> None:
    fake, _ = provider({})
    mine = read_before(engine, company, complete(fake, GIVEN))
    with write(engine) as conn:
        row = dict(conn.execute(select(connection).where(connection.c.id == mine)).mappings().one())
        disconnect(conn, row, NOW, keep_records=keep)
    with read(engine) as conn:
        left = [dict(row) for row in conn.execute(select(connection)).mappings()]

    assert (count(engine, document), count(engine, bookmark), count(engine, quarantined)) == (2 if keep else 0, 0, 0)
    assert len(left) == keep
    for row in left:
        assert (row["settings"], row["sealed_credentials"], row["due_at"]) == ({}, None, None)
        assert not is_connected(fake, row)


# A trial


def trials(engine: Engine, company: str, fake: Provider, settings: Settings = SETTINGS) -> Trials:
    return Trials(engine, settings, company, fake)


def test_a_trial_saves_nothing_until_it_is_said_so(engine: Engine, company: str) -> None:
    fake, _ = provider(
        {Stream.INVOICES: [INVOICES], Stream.STAFF: [AccessDenied(code="right_missing", params={"right": "r"})]}
    )
    ours = trials(engine, company, fake)
    token, trial = ours.run(complete(fake, GIVEN), "Europe/Paris", NOW)
    before = (ours.stored(), count(engine, document))
    with read(engine) as conn:
        (row,) = conn.execute(select(oauth_flow)).mappings()
    with write(engine) as conn:
        ours.save(conn, token, "daf@example.com", NOW)
    after = ours.stored()

    assert before == (None, 0)
    assert SECRET not in str(dict(row))
    assert token not in str(dict(row))
    assert trial.sights == try_account(fake, account())
    assert after is not None
    assert after["streams"] == ["invoices"]
    assert count(engine, oauth_flow) == 0


def test_a_trial_is_good_once_for_an_hour_and_for_its_own_company(engine: Engine, company: str) -> None:
    fake, _ = provider({Stream.INVOICES: [INVOICES]})
    with write(engine) as conn:
        other = add_company(conn, "Garage Roux", NOW, zone="Europe/Paris")
    ours = trials(engine, company, fake)
    token, _ = ours.run(complete(fake, GIVEN), "Europe/Paris", NOW)

    assert ours.open(token, NOW) is not None
    assert ours.open("made up", NOW) is None
    assert ours.open(token, NOW + KEPT_FOR) is None
    assert trials(engine, other, fake).open(token, NOW) is None
    with write(engine) as conn:
        ours.save(conn, token, "", NOW)
    with pytest.raises(Refused) as over, write(engine) as conn:
        ours.save(conn, token, "", NOW)
    assert over.value.code == "trial_is_over"


def test_secrets_that_a_provider_changes_during_a_trial_are_saved_with_it(engine: Engine, company: str) -> None:
    fake, _ = provider({Stream.INVOICES: [INVOICES]}, lambda account: account.keep({"refresh": "rotated"}))
    ours = trials(engine, company, fake)
    token, _ = ours.run(complete(fake, GIVEN), "Europe/Paris", NOW)
    with write(engine) as conn:
        ours.save(conn, token, "", NOW)
    row = ours.stored()

    assert row is not None
    assert answers_of(row, ours.vault).secrets == {"password": SECRET, "refresh": "rotated"}


def test_secrets_rotated_while_an_account_is_tried_again_replace_the_stored_ones_at_once(
    engine: Engine, company: str
) -> None:
    fake, _ = provider({Stream.INVOICES: [INVOICES]}, lambda account: account.keep({"password": "rotated"}))
    ours = trials(engine, company, fake)
    saved(engine, company, complete(fake, GIVEN))
    before = ours.before("", NOW)
    assert before is not None
    ours.run(complete(fake, {**GIVEN, "password": "", "login": "other"}, before), "Europe/Paris", NOW)
    tried = ours.before("", NOW)
    ours.check(NOW)

    assert tried is not None
    assert (tried.secrets, tried.settings["login"]) == ({"password": "rotated"}, "seuil")


def test_secrets_typed_for_a_trial_leave_the_stored_ones_alone(engine: Engine, company: str) -> None:
    fake, _ = provider({Stream.INVOICES: [INVOICES]}, lambda account: account.keep({"password": "rotated"}))
    ours = trials(engine, company, fake)
    saved(engine, company, complete(fake, GIVEN))
    ours.run(complete(fake, GIVEN | {"password": "typed"}), "Europe/Paris", NOW)
    stored = ours.before("", NOW)

    assert stored is not None
    assert stored.secrets == {"password": SECRET}


def test_there_is_nothing_to_check_before_an_account_is_connected(engine: Engine, company: str) -> None:
    fake, _ = provider({})
    with pytest.raises(Refused) as nothing:
        trials(engine, company, fake).check(NOW)
    saved(engine, company, complete(fake, GIVEN))
    lost = Settings(database_url="sqlite://", secret_key=SecretStr(Fernet.generate_key().decode()))
    with pytest.raises(Refused) as sealed:
        trials(engine, company, fake, lost).check(NOW)

    assert (nothing.value.code, sealed.value.code) == ("not_connected", "secret_cannot_be_opened")


# How far a reading has come


@pytest.mark.parametrize(
    ("cursor", "place"),
    [
        ({}, Place()),
        ({"token": "abc", "next": "40"}, Place(number=40)),
        ({"a": "2026-03-05T10:00:00+00:00", "b": "2026-02-01", "after": "17"}, Place(date(2026, 2, 1), 17)),
        ({"month": "2026-03", "n": "²", "big": "9" * 30}, Place()),
    ],
)
def test_a_place_is_what_a_person_understands_of_a_bookmark(cursor: dict[str, str], place: Place) -> None:
    assert place_of(cursor) == place


def test_a_place_is_written_in_the_readers_way() -> None:
    assert place_text(Place(date(2026, 2, 1), 17), "fr").startswith("01/02/2026, ")
    assert place_text(Place(), "fr") == "–"


def test_a_stream_tells_what_it_brought_what_was_set_aside_and_why(engine: Engine, company: str) -> None:
    fake, _ = provider({})
    mine = read_before(engine, company, complete(fake, GIVEN))
    with write(engine) as conn:
        faults = (Fault("amount_missing", "F4"), Fault("right_missing", "F5", params={"right": "x"}))
        page = Page((invoice(4),), {"next": "5", "at": "2026-03-01"}, faults)
        save_page(conn, find_source(conn, mine), Stream.INVOICES, page, NOW)
        conn.execute(update(bookmark).values(started_over_at=NOW))
    with read(engine) as conn:
        (reached,) = streams_reached(conn, mine)

    assert (reached.stream, reached.rows, reached.place) == ("invoices", 3, Place(date(2026, 3, 1), 5))
    assert (reached.refused, [(each.code, each.n) for each in reached.reasons]) == (
        3,
        [("amount_missing", 2), ("right_missing", 1)],
    )
    assert reached.started_over_at == NOW
    assert "x" in reason_text(reached.reasons[1], "en")


# A new key


@pytest.fixture
def with_file(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'seuil.db'}", secret_key_file=tmp_path / "keys" / "seuil.key")


def test_a_new_key_opens_what_the_old_one_sealed_and_the_old_one_opens_nothing(
    engine: Engine, company: str, with_file: Settings
) -> None:
    vault = open_vault(with_file)
    with write(engine) as conn:
        mine = connection_for(conn, company, "demo", NOW)
        seal_credentials(conn, vault, mine, {"password": SECRET})
    rotated = rotate_key(engine, with_file)
    with read(engine) as conn:
        row = dict(conn.execute(select(connection)).mappings().one())

    assert (rotated.code, rotated.secrets) == ("key_rotated", 1)
    assert answers_of(row, lambda: open_vault(with_file)).secrets == {"password": SECRET}
    with pytest.raises(Refused):
        vault.open(str(row["sealed_credentials"]))
    assert with_file.key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in with_file.key_file.parent.iterdir()] == ["seuil.key"]


def test_a_rotation_that_fails_midway_leaves_both_keys(engine: Engine, company: str, with_file: Settings) -> None:
    open_vault(with_file)
    before = with_file.key_file.read_text()
    with write(engine) as conn:
        mine = connection_for(conn, company, "demo", NOW)
        seal_credentials(conn, Vault(KEY), mine, {"password": SECRET})  # under a key that nobody has
    with pytest.raises(Refused):
        rotate_key(engine, with_file)

    assert with_file.key_file.read_text().endswith(f",{before}")


def test_a_key_behind_a_link_is_changed_where_it_is(engine: Engine, with_file: Settings, tmp_path: Path) -> None:
    open_vault(with_file)
    link = tmp_path / "link.key"
    link.symlink_to(with_file.key_file)
    before = with_file.key_file.read_text()
    rotate_key(engine, with_file.model_copy(update={"secret_key_file": link}))

    assert link.is_symlink()
    assert with_file.key_file.read_text() != before


def test_a_key_of_the_environment_is_changed_in_two_steps(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        seal_credentials(conn, Vault(KEY), connection_for(conn, company, "demo", NOW), {"password": SECRET})
    first = rotate_key(engine, SETTINGS)
    both = SETTINGS.model_copy(update={"secret_key": SecretStr(f"{first.new_key},{KEY}")})
    second = rotate_key(engine, both)
    with read(engine) as conn:
        row = dict(conn.execute(select(connection)).mappings().one())

    assert (first.code, second.code, second.secrets) == ("key_to_be_set", "key_sealed_under_first", 1)
    assert first.new_key not in repr(first)
    assert answers_of(row, lambda: Vault(first.new_key)).secrets == {"password": SECRET}
