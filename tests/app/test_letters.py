"""Letters: one for each state of a company, the same facts as text and as HTML, in both languages."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.digest_expected import chart_order
from app.errors import BadInput
from app.language import LANGUAGES
from app.letter_words import one_line, subject_of
from app.letters import compose, html_of, text_of
from app.preview import write_preview
from tests.letter_contents import (
    NO_NEWS,
    SIGNALS,
    Body,
    company,
    content,
    entry,
    failed,
    nothing,
    portfolio,
    quiet,
    source,
    stale,
)

BASE = "https://seuil.cabinet-durand-et-associes.example.com"
WAY_OUT = f"{BASE}/unsubscribe/{'k' * 43}"
TO = {"to": "claire@durand.example", "base_url": BASE, "unsubscribe_url": WAY_OUT}
SENT_ON = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
GMAIL_CUTS_AT = 102_000  # bytes of HTML


def received(letter: Body, **more: Any) -> EmailMessage:
    """Compose a letter and read it back from its bytes, as a mail program does."""
    known = {**TO, "sender": "Seuil – cabinet Éléonore <seuil@durand.example>", "message_id": "<1@durand.example>"}
    message = compose(letter, **(known | {"sent_on": SENT_ON} | more))
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def parts(message: EmailMessage) -> tuple[str, str, list[EmailMessage]]:
    """Give the text, the HTML and the pictures."""
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert page is not None
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    return text.get_content(), page.get_content(), [p for p in pictures if isinstance(p, EmailMessage)]


def flat(text: str) -> str:
    """Give a text with every space the same."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_has_text_and_html_with_its_pictures_inside(language: str) -> None:
    message = received(content(language=language))
    _, page, pictures = parts(message)
    tree = [part.get_content_type() for part in message.walk()]

    assert tree[:4] == ["multipart/alternative", "text/plain", "multipart/related", "text/html"]
    assert tree[4:] == ["image/png"] * 3
    cids = {str(one["Content-ID"]).strip("<>") for one in pictures}
    assert set(re.findall(r'src="cid:([^"]+)"', page)) == cids
    assert len(cids) == 3
    assert all(one.get_content().startswith(b"\x89PNG") for one in pictures)
    assert f'<html lang="{language}"' in page


def test_every_picture_is_told_in_words() -> None:
    text, page, _ = parts(received(content(language="en")))
    alts = re.findall(r'<img[^>]* alt="([^"]*)"', page)

    assert len(alts) == 3
    assert all("From Nov 2024 to Oct 2026" in alt for alt in alts)
    assert all(alt.split(":")[0] in flat(text) for alt in alts)


def test_headers_say_what_machines_need_to_know() -> None:
    message = received(content())

    assert message["List-Unsubscribe"] == f"<{WAY_OUT}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["X-Seuil-Period"] == "2026-W48"
    assert message["Message-ID"] == "<1@durand.example>"
    assert message["To"] == "claire@durand.example"
    assert str(message["From"]) == "Seuil – cabinet Éléonore <seuil@durand.example>"
    assert message["Date"].datetime == SENT_ON


def test_a_domain_with_accents_is_written_as_mail_servers_know_it() -> None:
    assert received(content(), to="claire@menuiserie-évrard.example")["To"] == "claire@xn--menuiserie-vrard-lqb.example"


def test_the_way_out_stands_whole_in_the_raw_mail() -> None:
    raw = compose(content(), **TO, sender="s@x.example", message_id="<" + "9" * 90 + "@x>", sent_on=SENT_ON).as_bytes()

    assert f"List-Unsubscribe: <{WAY_OUT}>\r\n".encode() in raw
    assert b"Message-ID: <" + b"9" * 90 + b"@x>\r\n" in raw


def test_a_company_name_cannot_add_a_header() -> None:
    wicked = company(name="Aubrac\r\nBcc: all@example.com\r\n\r\nHello")
    message = received(content(wicked), to="claire@durand.example\r\nBcc: all@example.com")

    assert message["Bcc"] is None
    assert "Bcc: all@example.com" in str(message["Subject"])
    assert message["To"].addresses[0].addr_spec.startswith("claire@")


@given(st.text(min_size=1, max_size=150))
def test_any_name_survives_the_subject(name: str) -> None:
    letter = content(quiet(name=name))
    subject = one_line(subject_of(letter))
    message = EmailMessage(policy=compose(letter, **TO, sender="s@x.example", message_id="1@x", sent_on=SENT_ON).policy)
    message["Subject"] = subject
    raw = message.as_bytes()

    assert str(message_from_bytes(raw, policy=policy.default)["Subject"]) == subject
    assert raw.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize(
    ("companies", "subject"),
    [
        ([quiet()], "Menuiserie Aubrac: not needed – nothing new"),
        (
            [company()],
            "Menuiserie Aubrac: prepare first → outsource now – 1 new alert, 1 worse, 1 recovering, 1 solved",
        ),
        ([stale()], "Data stopped – Menuiserie Aubrac: nothing after 2 October 2026"),
        ([nothing()], "Menuiserie Aubrac: nothing is known yet"),
        ([failed()], "Assessment failed – Menuiserie Aubrac"),
        ([quiet(is_demo=True)], "[Demonstration] Menuiserie Aubrac: not needed – nothing new"),
        (
            portfolio(),
            (
                "12 companies: 2 to outsource, 1 with stopped data, 1 with a failed assessment, 1 still unknown, "
                "5 new alerts, 2 worse, 2 recovering, 2 solved"
            ),
        ),
        ([quiet(), quiet(is_demo=True)], "Menuiserie Aubrac: not needed – nothing new"),
    ],
)
def test_the_subject_says_what_counts(companies: list[Body], subject: str) -> None:
    assert one_line(subject_of(content(*companies, language="en"))) == subject


def test_one_stopped_source_of_two_is_named_in_the_subject() -> None:
    away = source("demo", "api", "2026-11-20", trouble="source_unavailable", params={"why": "502"})
    away["since"] = "2026-11-20T06:00:00+00:00"
    fresh = {"reaches": "2026-11-22", "stale": False, "sources": [away, source("fec", "file", "2026-11-22")]}
    letter = content(quiet(status="stale", freshness=fresh), language="en")

    assert one_line(subject_of(letter)).endswith("demonstration, unreadable since 20 November 2026")
    assert "What rests on that is as of 20 November 2026." in flat(text_of(letter, **TO))


@pytest.mark.parametrize("write", [text_of, html_of])
def test_stopped_data_come_first_and_the_verdict_is_not_given_as_todays(write: Any) -> None:
    said = flat(write(content(stale(), language="en"), **TO))
    alarm = re.search("the data have stopped: this is not today’s state", said, re.IGNORECASE)
    verdict = said.index("Menuiserie Aubrac has passed the threshold")

    assert alarm is not None
    assert alarm.start() < verdict
    assert said[:verdict].endswith("What the data said on 2 October 2026, which nothing confirms today: ")
    assert "Outsource now" not in said
    assert "The verdict has held" not in said
    assert "Demonstration: nothing newer than 2 October 2026." in said
    assert "In trouble since 3 October 2026." in said
    assert f"{BASE}/companies/0193f111-0000-7000-8000-000000000001/connections" in write(content(stale()), **TO)


@pytest.mark.parametrize("write", [text_of, html_of])
def test_frozen_signals_are_said_to_be_frozen_in_the_table(write: Any) -> None:
    said = flat(write(content(stale(), language="en"), **TO))

    assert said.count("Frozen on 2 October 2026") == 5  # four signals, and the line above


@pytest.mark.parametrize("write", [text_of, html_of])
def test_nothing_known_shows_the_cheapest_way_to_begin(write: Any) -> None:
    letter = content(nothing(), language="en")

    assert "That is not calm: it is unknown." in flat(write(letter, **TO))
    assert "/declarations" in write(letter, **TO)
    assert "no value" not in flat(write(letter, **TO))


@pytest.mark.parametrize("write", [text_of, html_of])
def test_a_failed_assessment_is_said_with_the_day_of_the_last_answer(write: Any) -> None:
    said = flat(write(content(failed(), language="en"), **TO))

    assert "The assessment failed: this letter has no new answer." in said
    assert "The answer of 20 November 2026 is the last one there is." in said
    assert "ZeroDivisionError" in said


@pytest.mark.parametrize("write", [text_of, html_of])
def test_sections_stand_in_the_order_of_urgency(write: Any) -> None:
    said = flat(write(content(language="en"), **TO))
    names = ["New", "Worse", "Better", "Solved", "Still open", "Seen once, to be confirmed"]
    places = [re.search(rf"[▲▽✓◆◇] {name}", said, re.IGNORECASE) for name in names]

    found = [place.start() for place in places if place]
    assert len(found) == len(names)
    assert found == sorted(found)


@pytest.mark.parametrize("write", [text_of, html_of])
def test_an_alert_is_told_once_with_its_link_and_who_has_it_in_hand(write: Any) -> None:
    out = write(content(language="en"), **TO)
    said = flat(out)

    address = f"{BASE}/companies/0193f111-0000-7000-8000-000000000001/alerts/0193f000-0000-7000-8000-000000000001"
    assert out.count(address) == 1
    assert "Invoices issued late: 23.1% (19% to 27.2%)" in said
    assert "seen by Claire Fabre" in said
    assert "put off until 21 December 2026" in said
    assert "Claire Fabre: “Le dirigeant fait encore la paie seul.”" in said.replace("> ", "")


@pytest.mark.parametrize("write", [text_of, html_of])
def test_what_a_company_is_called_is_text_and_no_tag(write: Any) -> None:
    out = write(content(company(name="<b>Aubrac & {fils}</b>"), language="en"), **TO)

    assert ("&lt;b&gt;Aubrac &amp; {fils}&lt;/b&gt;" in out) is (write is html_of)
    assert ("<b>" in out) is (write is text_of)


def test_html_asks_for_nothing_from_elsewhere() -> None:
    _, page, _ = parts(received(content(*portfolio())))

    assert set(re.findall(r'src="([^":]+):', page)) == {"cid"}
    assert "<link" not in page
    assert "<script" not in page
    assert "url(" not in page


def test_styles_are_in_the_tags_and_the_rules_for_dark_screens_stay() -> None:
    _, page, _ = parts(received(content()))

    assert re.search(r'<td class="verdict v-outsource" style="[^"]*border-left-color: ?#a3231b', page)
    assert "@media (prefers-color-scheme: dark)" in page
    assert page.count('role="presentation"') == page.count("<table") - 1  # the five signals are a table indeed
    assert "<title>Menuiserie Aubrac" in page


def test_a_letter_about_many_is_not_cut_by_mail_programs() -> None:
    message = received(content(*portfolio(12)))
    _, page, pictures = parts(message)

    assert len(page.encode()) < GMAIL_CUTS_AT
    assert len(pictures) <= 12
    assert len(message.as_bytes()) < 1_000_000


@pytest.mark.parametrize("write", [text_of, html_of])
def test_of_several_the_quiet_ones_take_a_line(write: Any) -> None:
    said = flat(write(content(*portfolio(), language="en"), **TO))

    assert said.count("Entreprise 3 does not need to outsource its back office.") == 1
    assert said.lower().index("nothing has changed") < said.index("Entreprise 3 does not need")
    assert "Clinique du Lac" in said


@pytest.mark.parametrize("write", [text_of, html_of])
def test_the_first_letter_says_so_and_a_later_one_says_that_nothing_changed(write: Any) -> None:
    first = quiet(verdict={"now": "not_needed", "before": None, "since": "2026-11-16"})
    first["signals"] = [one | {"level_before": None} for one in SIGNALS]

    assert "This is the first letter about this company." in flat(write(content(first, language="en"), **TO))
    assert "Nothing has changed since the last letter." in flat(write(content(quiet(), language="en"), **TO))


def test_the_text_keeps_to_its_width_but_for_addresses() -> None:
    for language in LANGUAGES:
        text = text_of(content(*portfolio(), language=language), **TO)
        assert not [line for line in text.splitlines() if len(line) > 76 and BASE not in line]


def test_charts_are_of_what_is_over_then_of_what_rose_then_of_what_is_watched() -> None:
    levels = [("a", "calm", "calm"), ("b", "watch", "watch"), ("c", "watch", "calm"), ("d", "over", "over")]
    signals = [{"name": name, "level": level, "level_before": before} for name, level, before in levels]

    assert [one["name"] for one in chart_order(signals)] == ["d", "c", "b"]


def test_a_demonstration_is_badged_everywhere() -> None:
    letter = content(quiet(is_demo=True))

    assert str(received(letter)["Subject"]).startswith("[")
    assert html_of(letter, **TO).count('class="badge"') == 1
    assert "[" in text_of(letter, **TO).splitlines()[2]


@pytest.mark.parametrize("kind", ["fired", "worse", "frozen", "back", "recovering", "resolved", "failed", "mended"])
@pytest.mark.parametrize("subject", ["quality", "verdict:prepare", "source:csv", "assessment", "somebody_elses"])
def test_an_alert_without_facts_still_makes_a_letter(kind: str, subject: str) -> None:
    one = entry(1, subject, "firing", kind, fired_on=None)
    sections = {name: [one] for name in NO_NEWS}

    assert text_of(content(quiet(news=sections, open=[one], pending=[one])), **TO)


@pytest.mark.parametrize(
    ("language", "subject", "told"),
    [
        ("en", "verdict:outsource", "No longer stands since 16 November 2026; the alert ends after a week."),
        (
            "fr",
            "verdict:outsource",
            "Ne tient plus depuis le 16 novembre 2026 ; l’alerte est close au bout d’une semaine.",
        ),
        ("en", "quality", "Calm since 16 November 2026. It is over after four weeks of calm."),
    ],
)
def test_a_verdict_that_fell_is_over_after_a_week_and_is_not_called_calm(
    language: str, subject: str, told: str
) -> None:
    one = entry(1, subject, "recovering", "", calm_since="2026-11-16", opened_on="2026-08-03")
    said = flat(text_of(content(quiet(open=[one]), language=language), **TO))

    assert told in said
    assert ("Calm" in said or "Calme" in said) is (subject == "quality")


@pytest.mark.parametrize(
    ("section", "more", "told"),
    [
        (
            "solved",
            {"kind": "resolved", "calm_since": "2026-10-26"},
            "Ouverte le 3 août 2026, close le 23 novembre 2026.",
        ),
        ("better", {"kind": "back", "fired_on": None}, "Ouverte le 3 août 2026, close le 23 novembre 2026."),
        ("new", {"kind": "fired", "closed_on": None}, "Relevée le 3 août 2026, confirmée le 23 novembre 2026."),
        ("new", {"kind": "failed", "closed_on": None, "fired_on": None}, "Ouverte depuis le 3 août 2026."),
    ],
)
def test_an_alert_in_french_is_a_she_and_closed_on_the_day_it_was(section: str, more: Body, told: str) -> None:
    known: Body = {"opened_on": "2026-08-03", "closed_on": "2026-11-23"}
    one = entry(1, "quality", "firing", **(known | more))
    said = flat(text_of(content(quiet(news=NO_NEWS | {section: [one]})), **TO))

    assert told in said
    assert not re.search("(?:Ouvert|Relevé|Terminé|Résolu) ", said, re.IGNORECASE)


@pytest.mark.parametrize("write", [text_of, html_of])
def test_data_that_have_stopped_are_not_called_closed_accounts_in_french(write: Any) -> None:
    letter = content(stale(), quiet(id="b"))
    said = flat(write(letter, **TO)) + subject_of(letter) + subject_of(content(stale()))

    assert "Données interrompues" in said
    assert "1 aux données interrompues" in said
    assert "arrêté" not in said.lower()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fr", "Signaux connus : 1 sur 5 ; conditions connues : 1 sur 4."),
        ("en", "Rests on 1 of 5 signals and 1 of 4 gates."),
    ],
)
def test_what_one_signal_carries_is_said_of_one(language: str, told: str) -> None:
    coverage = {"signals_known": 1, "signals": 5, "gates_known": 1, "gates": 4}

    assert told in flat(text_of(content(quiet(coverage=coverage), language=language), **TO))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_without_any_company_left_can_still_be_composed(language: str) -> None:
    letter = content(language=language) | {"companies": []}
    message = received(letter)
    told = {"fr": "Plus aucune entreprise à suivre", "en": "No company is left to tell of"}[language]

    assert message["Subject"] == told
    assert all(told in flat(write(letter, **TO)) for write in (text_of, html_of))
    assert "<thead" not in html_of(letter, **TO)


@pytest.mark.parametrize(
    ("name", "starts"), [("a.eml", "From: "), ("a.html", "<!DOCTYPE html>"), ("a.txt", "Seuil – ")]
)
def test_a_preview_is_written_as_its_ending_says(tmp_path: Path, name: str, starts: str) -> None:
    path = tmp_path / name
    write_preview(content(), path, **TO, sender="Seuil <s@x.example>", message_id="1@x", sent_on=SENT_ON)

    assert path.read_text().lower().startswith(starts.lower())


def test_a_preview_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="bad_preview_suffix"):
        write_preview(content(), tmp_path / "a.pdf", **TO, sender="s@x.example", message_id="1@x", sent_on=SENT_ON)


def test_a_page_shown_in_a_browser_brings_its_pictures() -> None:
    page = html_of(content(), **TO)

    assert page.count('src="data:image/png;base64,') == 3
    assert "cid:" not in page
