"""What a letter says of one company, in the order in which it is read."""

from collections.abc import Sequence

from app.chart_marks import from_kept, room_for
from app.charts import trend
from app.digest_expected import MOST_CHARTS, charted
from app.language import Formats
from app.letter_alerts import NEWS, news_text, sections_of
from app.letter_expected import outlook_of
from app.letter_fresh import as_of_then, freshness_of, stopped_text
from app.letter_view import Body, CompanyPart, Link, Picture, SignalRow, Words
from app.pictures import MAIL, told
from app.site import interval_text, value_text
from app.wording import measure_label
from app.wording.marker import N_

MOST_MISSING = 3
IMPORTED = ("late_invoicing", "quality", "volume", "stability")


def company_part(
    company: Body, base_url: str, words: Words, *, pictures: int, alone: bool = False, whole: bool = True
) -> CompanyPart:
    """Word one company; of several, one of which there is nothing to tell is told in few words.

    Where it is not to be told whole, what happened is; the figures behind it are left to the pages.
    """
    address, status = f"{base_url}/companies/{company['id']}", company["status"]
    sections = sections_of(company, address, words, brief=not alone)
    changed = _changed(company, words)
    is_quiet = not alone and status == "normal" and not sections and not _has_moved(company)
    says_nothing = is_quiet or status == "nothing" or not whole
    return CompanyPart(
        name=company["name"],
        address=address,
        is_demo=company["is_demo"],
        status=status,
        tone=_tone(company),
        mark=_mark(company, words),
        fresh=freshness_of(company, address, words, is_quiet=is_quiet),
        head=_head(company, words),
        notes=_notes(company, words),
        why=() if says_nothing else tuple(words.reason(why) for why in company["why"]),
        changed=changed,
        news=_news(company, changed, words),
        row=_news_row(company, words),
        sections=sections,
        outlook=outlook_of(company, words),
        pictures=() if says_nothing else _pictures(company, words, min(pictures, MOST_CHARTS)),
        signals=() if says_nothing else tuple(_row(signal, address, words) for signal in company["signals"]),
        signals_as_of=_signals_as_of(company, words),
        worth=() if says_nothing else _worth(company, words),
        missing=() if is_quiet or not whole else _missing(company, words),
        steps=_steps(company, address, words),
        is_quiet=is_quiet,
    )


def _tone(company: Body) -> str:
    return str(company["verdict"]["now"] or "nothing") if company["status"] == "normal" else str(company["status"])


def _mark(company: Body, words: Words) -> str:
    tone = _tone(company)
    return words.label("verdict" if company["status"] == "normal" and tone != "nothing" else "letter_status", tone)


def _verdict_sentence(company: Body, words: Words) -> str:
    verdict = company["verdict"]["now"]
    return words.label("say", verdict).format(company=company["name"]) if verdict else ""


def _head(company: Body, words: Words) -> str:
    """Say the one thing: the verdict, or why there is none to give."""
    verdict = _verdict_sentence(company, words)
    if company["status"] == "error":
        return words.say("letter_error_head")
    if company["status"] == "nothing" or (company["status"] == "normal" and not verdict):
        return words.say("letter_nothing_head", company=company["name"])
    if company["status"] == "normal":
        return verdict
    on = as_of_then(company)
    if not verdict or not on:
        return words.say("letter_stale_verdict_none")
    return words.say("letter_stale_verdict", on=words.day(on), verdict=verdict)


def _notes(company: Body, words: Words) -> tuple[str, ...]:
    """Say beside it how long it has held and how much it rests on, or what is the matter."""
    if company["status"] == "error":
        on = company["as_of"]
        if not on:
            return (words.say("letter_error_text_none"),)
        before = _verdict_sentence(company, words)
        text = words.say("letter_error_text", on=words.day(on))
        return (text, words.say("letter_stale_verdict", on=words.day(on), verdict=before)) if before else (text,)
    if company["status"] == "nothing" or not company["verdict"]["now"]:
        return (words.say("letter_nothing_text"), words.say("letter_begin"))
    notes, cover, since = [], company["coverage"], company["verdict"]["since"]
    if company["status"] == "normal" and since:
        notes.append(words.say("letter_verdict_since", on=words.day(since)))
    known = {"signals": cover["signals_known"], "signals_of": cover["signals"]}
    notes.append(words.say("letter_coverage", **known, gates=cover["gates_known"], gates_of=cover["gates"]))
    return (" ".join(notes),)


def _moved_levels(company: Body) -> list[Body]:
    return [s for s in company["signals"] if s["level_before"] not in (None, s["level"]) and not s["frozen_on"]]


def _verdict_moved(company: Body) -> bool:
    verdict = company["verdict"]
    return company["status"] == "normal" and verdict["before"] not in (None, verdict["now"]) and bool(verdict["now"])


def _has_moved(company: Body) -> bool:
    return _verdict_moved(company) or bool(_moved_levels(company))


def _changed(company: Body, words: Words) -> tuple[str, ...]:
    verdict = [_verdict_move(company, words)] if _verdict_moved(company) else []
    return (*verdict, *_level_moves(company, words))


def _verdict_move(company: Body, words: Words) -> str:
    before, now = (words.label("verdict", company["verdict"][of]) for of in ("before", "now"))
    return words.say("letter_verdict_moved", before=before, verdict=now)


def _level_moves(company: Body, words: Words) -> tuple[str, ...]:
    return tuple(
        words.say(
            "letter_level_moved",
            name=words.label("signal", signal["name"]),
            before=words.label("level", signal["level_before"]),
            level=words.label("level", signal["level"]),
        )
        for signal in _moved_levels(company)
    )


def _news(company: Body, changed: Sequence[str], words: Words) -> str:
    """Say in a line what is new since the last letter, or that nothing is."""
    if company["status"] == "nothing":
        return ""
    if any(company["news"][name] for name in NEWS):
        counted = news_text([company], words)
        return counted[:1].upper() + counted[1:] + "."
    if changed:
        return ""
    told_before = company["verdict"]["before"] or any(signal["level_before"] for signal in company["signals"])
    if company["status"] != "normal":
        return words.say("letter_unchanged") if told_before else ""
    return words.say("letter_unchanged" if told_before else "letter_first")


def _news_row(company: Body, words: Words) -> str:
    parts = [stopped_text(company, words)] if company["status"] == "stale" else []
    if any(company["news"][name] for name in NEWS):
        parts.append(news_text([company], words))
    if _verdict_moved(company):
        parts.append(_verdict_move(company, words))
    elif not parts and _moved_levels(company):
        parts += _level_moves(company, words)
    return ", ".join(parts) or words.say("letter_no_news")


def _pictures(company: Body, words: Words, most: int) -> tuple[Picture, ...]:
    pictures = []
    for signal in charted(company["signals"])[:most]:
        marks = from_kept(signal.get("marks"))
        size, svg = room_for(MAIL, marks), trend(signal["measure"], words.language, size=MAIL, marks=marks)
        name = f"{company['id']}.{signal['name']}"
        title = measure_label(signal["measure"]["name"], words.language)
        pictures.append(Picture(name, title, told(svg), svg, size.width, size.height))
    return tuple(pictures)


def _row(signal: Body, address: str, words: Words) -> SignalRow:
    measure, language = signal["measure"], words.language
    level, before = signal["level"], signal["level_before"]
    limit = Formats(language).value(measure["limit"], measure["unit"]) if measure["limit"] is not None else ""
    none = words.text(N_("no value"))
    return SignalRow(
        name=words.label("signal", signal["name"]),
        address=f"{address}/signals/{signal['name']}",
        level=level,
        level_text=words.label("level", level),
        before_text=words.label("level", before) if before else "",
        moved=before not in (None, level),
        frozen=_frozen(signal, words),
        measure=measure_label(measure["name"], language),
        value=none if measure["value"] is None else value_text(measure["value"], measure["unit"], language),
        interval=interval_text(measure, language) if measure["value"] is not None else "",
        limit=limit,
    )


def _frozen(signal: Body, words: Words) -> str:
    """Say since when; the day may break in two, for its column is narrow on a telephone."""
    on = signal["frozen_on"]
    return words.text(N_("Frozen on {day}")).format(day=words.day(on).replace("\u00a0", " ")) if on else ""


def _signals_as_of(company: Body, words: Words) -> str:
    on = as_of_then(company) if company["status"] == "stale" else company["as_of"]
    return words.day(on) if on else ""


def _worth(company: Body, words: Words) -> tuple[str, ...]:
    worth = company["worth"]
    if not worth:
        return ()
    money = Formats(words.language, company["currency"] or "EUR").money
    between = words.say("letter_worth", low=money(round(worth["low"])), high=money(round(worth["high"])))
    said = [words.say("letter_worth_saves", range=between)]
    if worth.get("share_from_defaults"):
        said.append(words.say("worth_defaults", share=worth["share_from_defaults"]))
    return tuple(said)


def _missing(company: Body, words: Words) -> tuple[tuple[str, str], ...]:
    listed = company["missing"][:MOST_MISSING]
    return tuple((words.say(one["what"]), words.say(one["remedy"])) for one in listed)


def _steps(company: Body, address: str, words: Words) -> tuple[Link, ...]:
    """Say where to go on from here; for data that have stopped that stands in their own block."""
    if company["status"] == "nothing" or not company["verdict"]["now"]:
        return (
            Link(words.text(N_("Declare what you know")), f"{address}/declarations"),
            Link(words.text(N_("Hand over a ledger export (FEC)")), f"{address}/import"),
        )
    steps = [Link(words.text(N_("See all the evidence")), address)]
    if company["open"]:
        steps.append(Link(words.text(N_("All alerts")), f"{address}/alerts"))
    missing = [one["what"].removeprefix("missing_") for one in company["missing"]]
    if missing and company["status"] == "normal":
        page = "import" if missing[0] in IMPORTED else "declarations"
        steps.append(Link(words.text(N_("Fill in what is missing")), f"{address}/{page}"))
    return tuple(steps)
