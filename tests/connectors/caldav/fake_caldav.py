"""A small calendar server of our own: it answers as the standards say, or otherwise where a test wants it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx

from connectors.account import Account
from tests.connectors.caldav.radicale_server import at, calendar, event

PASSWORD = "opens-the-fake"
KIND = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
EVENT = calendar(event("1", "Banque", *at("20260302", "0900", "1000")))


def multistatus(*told: tuple[str, str]) -> httpx.Response:
    """Answer with paths and their properties."""
    parts = "".join(
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{has}</D:prop><D:status>HTTP/1.1 200 OK</D:status>"
        "</D:propstat></D:response>"
        for href, has in told
    )
    text = f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{parts}</D:multistatus>'
    return httpx.Response(207, text=text)


def principal(href: str = "/p/") -> str:
    """Say whose account it is."""
    return f"<D:current-user-principal><D:href>{href}</D:href></D:current-user-principal>"


def home(href: str = "/h/") -> str:
    """Say where its calendars are."""
    return f"<C:calendar-home-set><D:href>{href}</D:href></C:calendar-home-set>"


def held(*texts: str) -> httpx.Response:
    """Answer with events, each with its tag."""
    listed = enumerate(texts)
    parts = (
        (f"/h/desk/{n}.ics", f"<D:getetag>{n}</D:getetag><C:calendar-data>{t}</C:calendar-data>") for n, t in listed
    )
    return multistatus(*parts)


class Server:
    """Answers by method and path; `PROPFIND_h/` names the answer to PROPFIND /h/."""

    def __init__(self, **others: httpx.Response) -> None:
        """Take answers other than the usual ones."""
        usual = {
            "PROPFIND /": multistatus(("/", principal())),
            "PROPFIND /p/": multistatus(("/p/", home())),
            "PROPFIND /h/": multistatus(("/h/", ""), ("/h/desk/", KIND)),
            "REPORT /h/desk/": held(EVENT),
        }
        self.answers = usual | {name.replace("_", " /", 1): answer for name, answer in others.items()}
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.asked.append(f"{request.method} {request.url.path}")
        return self.answers.get(self.asked[-1], httpx.Response(404))


def opened(server: Server, **settings: str) -> Account:
    """Give an account there."""
    return Account(
        settings={"address": "https://cal.example.com/", "user": "u", "actor": "u", **settings},
        secrets={"password": PASSWORD},
        zone=ZoneInfo("Europe/Paris"),
        now=datetime(2026, 11, 22, 9, tzinfo=UTC),
        transport=httpx.MockTransport(server),
    )
