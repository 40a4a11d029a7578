"""Break-even in words: the price, the hours, the pay-back, and from when on at each way of asking a price."""

from dataclasses import dataclass
from typing import Any

from app.language import Formats
from app.wording import label, say

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One way of asking a price: what it is called, what it is each and a month, what it saves, and from when."""

    name: str
    each: str
    month: str
    saves: str
    tag: str
    in_force: bool
    when: str


@dataclass(frozen=True, slots=True)
class Even:
    """Sentences, and a line for each way of asking a price."""

    sentences: tuple[str, ...]
    prices: tuple[Asked, ...]


def even(body: Body, language: str) -> Even | None:
    """Say where handing over begins to pay; None where that isn't known."""
    found = body.get("break_even")
    if found is None:
        return None
    formats = Formats(language, body["company"]["currency"])
    sentences = (*_price(found, formats), _hours(found, formats), _payback(found, formats))
    return Even(sentences, tuple(_asked(one, formats) for one in found["prices"]))


def _price(found: Body, formats: Formats) -> list[str]:
    low, high = found["price_per_month"]
    if not high:
        return [say("even_price_never", {}, formats.language)]
    said = {"low": formats.money(round(low)), "high": formats.money(round(high))}
    if not low:
        return [say("even_price_low", said, formats.language)]
    by_hour = found["price_per_hour"]
    hour = {"low": formats.money(by_hour[0]), "high": formats.money(by_hour[1] or by_hour[0])}
    return [say("even_price", said, formats.language), say("even_hour", hour, formats.language)]


def _hours(found: Body, formats: Formats) -> str:
    return _span("even_hours", found["hours_per_month"], formats, 0)


def _payback(found: Body, formats: Formats) -> str:
    return _span("even_payback", found["payback_months"], formats, 1)


def _span(code: str, span: list[float | None] | None, formats: Formats, digits: int) -> str:
    if span is None or span[0] is None:
        return say(f"{code}_never", {}, formats.language)
    said = {"low": formats.number(span[0], digits)}
    if span[1] is None:
        return say(f"{code}_from", said, formats.language)
    return say(code, said | {"high": formats.number(span[1], digits)}, formats.language)


def _asked(price: Body, formats: Formats) -> Asked:
    return Asked(
        name=label("price", price["model"], formats.language),
        each=_money(price["each"], formats, exact=price["model"] != "fixed"),
        month=_money(price["month"], formats),
        saves=_money(price["saves"], formats),
        tag=price["tag"],
        in_force=price["in_force"],
        when=_when(price["crossing"], formats.language),
    )


def _money(span: list[float], formats: Formats, *, exact: bool = False) -> str:
    low, high = (formats.money(one if exact else round(one)) for one in span)
    return low if low == high else f"{low} – {high}"


def _when(crossing: Body, language: str) -> str:
    state = crossing["state"]
    if state == "cannot_say":
        why = crossing["because"]
        return say("crossing_cannot_say", {"why": say(why["code"], why["params"], language)}, language)
    dated = state in {"crosses", "stops"}
    code = f"crossing_{state}" + ("_open" if dated and crossing["latest"] is None else "")
    days = {name: Formats(language).day(crossing[name]) for name in ("on", "earliest", "latest") if crossing[name]}
    return say(code, {**days, "share": crossing["share"]}, language)
