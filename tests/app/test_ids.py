from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.ids import new_id

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_seven() -> None:
    made = UUID(new_id(NOW))

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_ids_sort_by_when_they_were_made() -> None:
    made = [new_id(NOW + timedelta(milliseconds=n)) for n in range(50)]

    assert made == sorted(made)


def test_two_ids_of_one_instant_differ() -> None:
    assert new_id(NOW) != new_id(NOW)
