"""What servers answer to a reader of calendars: other hosts, entities, refusals, parts left out."""

import httpx
import pytest

from connectors.base import Cursor, Page
from connectors.caldav import PROVIDER
from connectors.caldav.bookmark import MONTHS
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.records import Stream
from tests.connectors.caldav.fake_caldav import EVENT, KIND, Server, home, multistatus, opened, principal

HALVES = MONTHS // 6 + 1


def read(server: Server, cursor: Cursor | None = None, **settings: str) -> list[Page]:
    """Read to the end."""
    return list(PROVIDER.connect(opened(server, **settings)).streams[Stream.TIME](cursor))


def ids(pages: list[Page]) -> set[str]:
    return {record.external_id for page in pages for record in page.records}


def test_a_server_is_followed_from_its_principal_to_its_calendars() -> None:
    server = Server()
    assert ids(read(server)) == {"2026-03-02:bank"}
    assert server.asked[:3] == ["PROPFIND /", "PROPFIND /p/", "PROPFIND /h/"]


@pytest.mark.parametrize("root", [httpx.Response(405), httpx.Response(200, text="<html>Welcome")])
def test_a_server_with_nothing_at_its_root_says_where_its_calendars_are(root: httpx.Response) -> None:
    server = Server(PROPFIND_=root)
    server.answers["PROPFIND /.well-known/caldav"] = httpx.Response(301, headers={"Location": "/dav"})
    server.answers["PROPFIND /dav"] = multistatus(("/dav", principal()))
    assert ids(read(server)) == {"2026-03-02:bank"}


def test_a_path_that_is_not_there_is_not_widened_to_the_whole_account() -> None:
    server = Server()
    with pytest.raises(AccessDenied, match="caldav_none_found"):
        read(server, address="https://cal.example.com/h/old/")
    assert server.asked == ["PROPFIND /h/old/"]


@pytest.mark.parametrize(
    "others",
    [
        {"PROPFIND_p/": multistatus(("/p/", home("https://p42.example.com:443/h/")))},
        {"PROPFIND_": multistatus(("/", principal("//elsewhere.example.com/p/")))},
        {"PROPFIND_h/": multistatus(("https://elsewhere.example.com/h/desk/", KIND))},
        {"PROPFIND_": httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"})},
    ],
)
def test_an_address_on_another_host_is_refused(others: dict[str, httpx.Response]) -> None:
    server = Server(**others)
    with pytest.raises(AccessDenied, match="moved_elsewhere") as refused:
        read(server)
    assert refused.value.params["to"].endswith("example.com")
    assert "REPORT /h/desk/" not in server.asked


def test_a_whole_address_on_the_same_host_is_used_as_a_path() -> None:
    server = Server(**{"PROPFIND_p/": multistatus(("/p/", home("http://cal.example.com/h/")))})
    assert ids(read(server)) == {"2026-03-02:bank"}


ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("name", "answer", "error", "code"),
    [
        ("REPORT_h/desk/", httpx.Response(207, text=ENTITIES), Unavailable, "caldav_unreadable"),
        ("REPORT_h/desk/", httpx.Response(207, content=ENTITIES.encode("utf-16")), Unavailable, "caldav_unreadable"),
        ("REPORT_h/desk/", httpx.Response(207, text="<D:multi"), Unavailable, "caldav_unreadable"),
        ("REPORT_h/desk/", httpx.Response(200, text="<html>hello"), Unavailable, "caldav_unreadable"),
        ("REPORT_h/desk/", httpx.Response(403), AccessDenied, "right_missing"),
        ("REPORT_h/desk/", httpx.Response(404), Unavailable, "answered_badly"),
        ("REPORT_h/desk/", httpx.Response(503), Unavailable, "answered_badly"),
        ("PROPFIND_", httpx.Response(401), AccessDenied, "access_refused"),
        ("PROPFIND_", httpx.Response(404), AccessDenied, "caldav_none_found"),
        ("PROPFIND_p/", httpx.Response(200, text="<html>hello"), Unavailable, "caldav_unreadable"),
        (
            "REPORT_h/desk/",
            multistatus(("/h/desk/1.ics", "<D:getetag>1</D:getetag>")),
            Unavailable,
            "caldav_unreadable",
        ),
        ("PROPFIND_h/", multistatus(("/h/", "")), AccessDenied, "caldav_none_found"),
        ("PROPFIND_h/", multistatus(("/h/../desk/", KIND)), Unavailable, "caldav_unreadable"),
        (
            "PROPFIND_",
            multistatus(("/", "<D:current-user-principal><D:unauthenticated/></D:current-user-principal>")),
            AccessDenied,
            "access_refused",
        ),
    ],
)
def test_an_answer_that_is_none_is_named_after_its_remedy(
    name: str, answer: httpx.Response, error: type[SourceError], code: str
) -> None:
    with pytest.raises(error, match=code):
        read(Server(**{name: answer}))


def test_events_left_out_by_the_server_are_not_taken_for_gone() -> None:
    left_out = multistatus(("/h/desk/", "")).text.replace("HTTP/1.1 200 OK", "HTTP/1.1 507 Insufficient Storage")
    whole = left_out.replace("<D:propstat>", "<D:status>HTTP/1.1 507 Insufficient Storage</D:status><D:propstat>")
    with pytest.raises(Unavailable, match="caldav_too_many"):
        read(Server(**{"REPORT_h/desk/": httpx.Response(207, text=whole)}))


def test_lists_of_tasks_and_addresses_are_not_read() -> None:
    tasks = KIND + '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
    book = "<D:resourcetype><D:collection/></D:resourcetype>"
    server = Server(**{"PROPFIND_h/": multistatus(("/h/todo/", tasks), ("/h/book/", book), ("/h/desk/", KIND))})
    assert ids(read(server)) == {"2026-03-02:bank"}
    assert {asked for asked in server.asked if asked.startswith("REPORT")} == {"REPORT /h/desk/"}


def test_a_server_without_tokens_has_its_tags_compared_and_one_without_tags_is_read_whole() -> None:
    server = Server()
    last = read(server)[-1].cursor
    assert len(read(server, last)) == 1
    server.answers["REPORT /h/desk/"] = multistatus(
        ("/h/desk/1.ics", f"<C:calendar-data>{EVENT}</C:calendar-data>"),
    )
    last = read(server, last)[-1].cursor
    assert len(read(server, last)) == HALVES


def test_with_the_same_token_the_past_is_not_even_asked_for() -> None:
    token = KIND + "<D:sync-token>http://example.com/7</D:sync-token>"
    server = Server(**{"PROPFIND_h/": multistatus(("/h/desk/", token))})
    last = read(server)[-1].cursor
    server.asked.clear()
    read(server, last)
    assert [asked for asked in server.asked if asked.startswith("REPORT")] == ["REPORT /h/desk/"]


@pytest.mark.parametrize("address", ["https://u:secret@cal.example.com/", "ftp://cal.example.com", "https://[::1", ""])
def test_an_address_that_is_none_is_for_a_person_to_mend(address: str) -> None:
    with pytest.raises(AccessDenied, match="address_unreadable") as refused:
        read(Server(), address=address)
    assert "secret" not in str(refused.value)


def test_a_path_that_leads_upwards_is_for_a_person_to_mend() -> None:
    with pytest.raises(AccessDenied, match="address_unreadable"):
        read(Server(), address="https://cal.example.com/h/../etc/")
