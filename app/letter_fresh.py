"""How far a letter's data reach: a word where they are fresh, loud and first where they have stopped."""

from app.letter_view import Body, Freshness, Link, Words
from app.wording.marker import N_


def provider_name(source: Body, words: Words) -> str:
    """Name a source."""
    return words.label("provider", source["provider"])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_stopped(source: Body) -> bool:
    """Say whether a source brings nothing new."""
    return bool(source["stale"] or source["trouble"])


def stopped_sources(company: Body) -> list[Body]:
    """List the sources that bring nothing new, the one that stopped first before the others."""
    stopped = [source for source in company["freshness"]["sources"] if is_stopped(source)]
    return sorted(stopped, key=lambda source: source["reaches"] or "")


def frozen_signals(company: Body) -> list[Body]:
    """List the signals whose data have stopped."""
    return [signal for signal in company["signals"] if signal["frozen_on"]]


def stopped_text(company: Body, words: Words) -> str:
    """Say in a few words what has stopped and when."""
    every, stopped = company["freshness"]["sources"], stopped_sources(company)
    frozen, reaches = frozen_signals(company), company["freshness"]["reaches"]
    if len(stopped) > 1 and len(stopped) < len(every):
        return words.say("letter_sources_stopped", n=len(stopped), total=len(every))
    if len(stopped) == 1 and len(every) > 1:
        source, name = stopped[0], provider_name(stopped[0], words)
        if source["trouble"] and source["since"]:
            return words.say("letter_source_since", source=name, on=words.day(source["since"]))
        if source["reaches"]:
            return words.say("letter_source_after", source=name, on=words.day(source["reaches"]))
        return words.say("letter_not_read")
    if not stopped and not company["freshness"]["stale"] and frozen:
        return words.say("letter_signals_stopped", n=len(frozen), total=len(company["signals"]))
    return words.say("letter_nothing_after", on=words.day(reaches)) if reaches else words.say("letter_not_read")


def freshness_of(company: Body, address: str, words: Words, *, is_quiet: bool) -> Freshness:
    """Say how far the data reach, and if they have stopped, which source, since when, and what to do."""
    if company["status"] != "stale":
        return Freshness(_reach(company, words, is_short=is_quiet))
    lines = [_stopped_line(source, words) for source in stopped_sources(company)]
    fresh = [source for source in company["freshness"]["sources"] if not is_stopped(source)]
    lines += [_capital(_source_line(source, words)) + "." for source in fresh if source["reaches"]]
    frozen = frozen_signals(company)
    if frozen:
        lines.append(_frozen_line(frozen, words))
    then, scope = as_of_then(company), "letter_as_of_partly" if fresh else "letter_as_of_then"
    return Freshness(
        words.say("letter_stale_head"),
        is_loud=True,
        lines=tuple(lines),
        then=words.say(scope, on=words.day(then)) if then else "",
        steps=_repairs(company, address, words),
    )


def _frozen_line(frozen: list[Body], words: Words) -> str:
    parts = []
    for day in sorted({signal["frozen_on"] for signal in frozen}):
        names = [words.label("signal", signal["name"]) for signal in frozen if signal["frozen_on"] == day]
        parts.append(words.say("letter_frozen_on", on=words.day(day), signals=", ".join(names)))
    return " ".join(parts)


def as_of_then(company: Body) -> str | None:
    """Give the day a stale company's answer speaks of: the earliest at which something stopped."""
    days = [signal["frozen_on"] for signal in frozen_signals(company)]
    days = days or [source["reaches"] for source in stopped_sources(company) if source["reaches"]]
    then: str | None = min(days, default=company["freshness"]["reaches"] or company["as_of"])
    return then


def _reach(company: Body, words: Words, *, is_short: bool) -> str:
    fresh = company["freshness"]
    if not fresh["reaches"]:
        return words.text(N_("no data"))
    said = words.say("letter_reaches", on=words.day(fresh["reaches"]))
    if is_short or len(fresh["sources"]) < 2:  # noqa: PLR2004 - one source reaches as far as the data do
        return said
    return said + " " + " · ".join(_capital(_source_line(source, words)) for source in fresh["sources"])


def _source_line(source: Body, words: Words) -> str:
    name = provider_name(source, words)
    if not source["reaches"]:
        return words.say("letter_source_empty", source=name)
    return words.say("letter_source_reaches", source=name, on=words.day(source["reaches"]))


def _stopped_line(source: Body, words: Words) -> str:
    name, parts = provider_name(source, words), []
    if source["reaches"]:
        parts.append(words.say("letter_stale_source", source=name, on=words.day(source["reaches"])))
    else:
        parts.append(words.say("letter_stale_source_empty", source=name))
    if source["trouble"]:
        parts.append(words.reason({"code": source["trouble"], "params": source["params"] or {}}))
        if source["since"]:
            parts.append(words.say("letter_trouble_since", on=words.day(source["since"])))
    return _capital(" ".join(parts))


def _repairs(company: Body, address: str, words: Words) -> tuple[Link, ...]:
    """Say what brings the data back: look after a connection, or bring a newer file."""
    stopped = stopped_sources(company)
    steps = []
    if any(source["kind"] == "api" for source in stopped):
        steps.append(Link(words.text(N_("See the connections")), f"{address}/connections"))
    if any(source["kind"] != "api" for source in stopped) or not stopped:
        steps.append(Link(words.text(N_("Import newer data")), f"{address}/import"))
    return tuple(steps)
