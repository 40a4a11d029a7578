"""A letter as plain text: the same facts in the same order, for those who read no HTML."""

from collections.abc import Iterable, Iterator
from textwrap import fill

from app.letter_view import CompanyPart, Freshness, LetterView, Line, Outlook, Section, SignalRow, Words
from app.wording.marker import N_

WIDTH = 76


def letter_text(view: LetterView) -> str:
    """Write a letter out as text."""
    words = Words(view.language)
    lines = [f"Seuil – {view.written}", ""]
    if view.headline:
        lines += [_wrap(view.headline), "", *(_row(one, words) for one in view.companies), ""]
    for one in view.companies:
        if not one.is_quiet:
            lines += [*_company(one, words), ""]
    for part in view.alerts:
        lines += [part.name.upper(), "=" * min(len(part.name), WIDTH)]
        lines += [line for section in part.sections for line in _section(section)]
        lines.append("")
    quiet = [one for one in view.companies if one.is_quiet]
    if quiet:
        lines += [words.text(N_("Nothing has changed")).upper(), *(_quiet(one, words) for one in quiet), ""]
    lines += ["-- ", _wrap(view.why_you)]
    lines.append(words.with_address(words.text(N_("Open Seuil")), view.base_url))
    lines.append(words.with_address(view.stop or words.text(N_("Stop these letters")), view.unsubscribe_url))
    return "\n".join(lines) + "\n"


def _wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """Break a text into lines; an address stays whole."""
    indent = " " * len(first) if rest is None else rest
    return fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _row(one: CompanyPart, words: Words) -> str:
    return _wrap(f"{_name(one, words)} – {one.mark} – {one.row}", "- ")


def _quiet(one: CompanyPart, words: Words) -> str:
    said = " ".join([one.head, *one.notes, one.fresh.said, *one.outlook.short])
    return f"{_wrap(f'{_name(one, words)} [{one.mark}] {said}', '- ')}\n  {one.address}"


def _name(one: CompanyPart, words: Words) -> str:
    return f"{one.name} [{words.text(N_('Demonstration'))}]" if one.is_demo else one.name


def _company(one: CompanyPart, words: Words) -> Iterator[str]:
    name = _name(one, words).upper()
    yield from (name, "=" * min(len(name), WIDTH))
    yield from _freshness(one.fresh, words)
    yield ""
    yield _wrap(f"[{one.mark}] {one.head}")
    yield from (_wrap(note) for note in one.notes)
    yield from _bullets(words.text(N_("Reasons")), one.why)
    if one.news or one.changed:
        yield from ("", words.text(N_("Since the last letter")).upper())
        yield from [_wrap(one.news)] if one.news else []
        yield from (_wrap(change, "- ") for change in one.changed)
    yield from _came(one.outlook, words)
    for section in one.sections:
        yield from _section(section)
    yield from _bullets(words.text(N_("The months that matter")), (picture.told for picture in one.pictures))
    if one.signals:
        on = words.text(N_("as of {day}")).format(day=one.signals_as_of) if one.signals_as_of else ""
        yield from ("", " – ".join(part for part in (words.text(N_("Five signals")), on) if part).upper())
        yield from (_wrap(_signal(row, words), "- ") for row in one.signals)
    yield from _bullets(words.text(N_("Expected by the next letter")), one.outlook.expected)
    yield from [_wrap(one.outlook.note)] if one.outlook.note else []
    if one.worth:
        yield from ("", words.text(N_("What it is worth")).upper(), *(_wrap(text) for text in one.worth))
    missing = (f"{what} {remedy}" for what, remedy in one.missing)
    yield from _bullets(words.text(N_("What is missing, and the cheapest way to it")), missing)
    yield ""
    yield from (words.with_address(step.text, step.address) for step in one.steps)


def _bullets(title: str, texts: Iterable[str]) -> Iterator[str]:
    listed = list(texts)
    if listed:
        yield from ("", title.upper(), *(_wrap(text, "- ") for text in listed))


def _freshness(fresh: Freshness, words: Words) -> Iterator[str]:
    if not fresh.is_loud:
        yield _wrap(fresh.said)
        return
    yield _wrap(fresh.said.upper(), "!!! ")
    yield from (_wrap(line) for line in (*fresh.lines, fresh.then) if line)
    yield from (words.with_address(step.text, step.address) for step in fresh.steps)


def _came(outlook: Outlook, words: Words) -> Iterator[str]:
    if outlook.came:
        yield from ("", words.text(N_("What the last letter expected, and what came")).upper())
        yield from [_wrap(outlook.counted)] if outlook.counted else []
        yield from (_wrap(f"{one.mark} {one.said}", "- ") for one in outlook.came)


def _section(section: Section) -> Iterator[str]:
    yield from ("", f"{section.shape} {section.title.upper()}")
    for line in section.lines:
        yield from _line(line)


def _line(line: Line) -> Iterator[str]:
    marks = f" ({', '.join(line.marks)})" if line.marks else ""
    yield _wrap(f"{line.title}{marks}", "- ")
    yield from (_wrap(text, "  ") for text in (line.said, line.when, line.costs, line.then) if text)
    yield from (_wrap(note, "  > ") for note in line.notes)
    yield f"  {line.address}"


def _signal(row: SignalRow, words: Words) -> str:
    level = row.frozen or row.level_text
    if row.moved and not row.frozen:
        level = f"{row.before_text} → {row.level_text}"
    value = f"{row.value} ({row.interval})" if row.interval else row.value
    limit = words.text(N_("limit {value}")).format(value=row.limit) if row.limit else ""
    told = ", ".join(part for part in (f"{row.measure} {value}", limit) if part)
    return f"{row.name} – {level}. {told}"
