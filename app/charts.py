"""Charts: a measure's months as one SVG, drawn with presentation attributes only, so that any page may hold it.

A line with its interval as a band; the limit and what is usual as straight lines, the latter with its own interval,
labelled in a strip of their own so that no label crosses the line; and what `app.chart_marks` marks on them. Classes
are for a page's colours; without a style sheet the chart looks right as well.
"""

from collections.abc import Iterator, Sequence
from html import escape
from math import floor, log10
from typing import Any

from markupsafe import Markup

from app.chart_marks import NONE, Marks, drawn, room_for
from app.chart_marks import told as marks_told
from app.chart_scale import TEXT, Scale, Size, text
from app.language import Formats, translator
from app.wording import measure_label
from app.wording.marker import N_

Body = dict[str, Any]

INK, LIMIT, USUAL, FAINT = "#1d4f7c", "#b3261e", "#5b6470", "#d9dee4"
FEWEST_POINTS = 2
LABEL_GAP = 14.0  # px between two labels of the strip
YEARLY_FROM = 14  # months; above, the axis is labelled by year
HEADROOM = 1.06
ROUND_STEPS = (0.2, 0.5, 1.0, 2.0, 5.0)
MOST_STEPS = 5


CARD = Size(380, 132)
WIDE = Size(760, 220, left=52, right=104)


def month_index(month: str) -> int:
    """Count months since year 0 from YYYY-MM."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def span_of(measures: Sequence[Body], as_of: str = "") -> tuple[int, int] | None:
    """Give the first and last month of several measures, so that their charts share an axis; `as_of` belongs to it."""
    months = [month_index(point["month"]) for measure in measures for point in measure["series"]]
    return (min(months), max(*months, month_index(as_of) if as_of else 0)) if months else None


def trend(
    measure: Body,
    language: str,
    *,
    size: Size = CARD,
    span: tuple[int, int] | None = None,
    marks: Marks = NONE,
    named: str = "",
) -> Markup:
    """Draw a measure's months and what is marked on them; nothing where fewer than two have a value.

    `named` keeps apart two charts of one measure on a page.
    """
    points = [point for point in measure["series"] if point["value"] is not None]
    if len(points) < FEWEST_POINTS:
        return Markup("")
    first, last = span or (month_index(points[0]["month"]), month_index(points[-1]["month"]))
    size = room_for(size, marks)
    scale = Scale(size, first, last, _top(points, measure))
    formats = Formats(language)
    parts = [
        *_grid(scale, measure["unit"], formats),
        *_months(scale, formats),
        *_usual_band(scale, measure),
        *_bands(scale, points),
        *_levels(scale, measure, formats),
        *_lines(scale, points),
        *drawn(scale, marks, formats),
        *_dots(scale, points, measure["unit"], formats),
    ]
    name = escape(f"chart-{measure['name']}-{size.width}{named}")
    title, told = escape(measure_label(measure["name"], language)), escape(_told(points, measure, marks, formats))
    head = (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size.width} {size.height}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" font-size="11" font-family="system-ui, sans-serif">'
        f'<title id="{name}-t">{title}</title><desc id="{name}-d">{told}</desc>'
    )
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - every text in it is escaped above or below


def _top(points: Sequence[Body], measure: Body) -> float:
    values = [point["high"] if point["high"] is not None else point["value"] for point in points]
    values += [measure[name] for name in ("limit", "baseline") if measure[name] is not None]
    values += [measure["baseline_high"]] if measure.get("baseline_high") is not None else []
    return float(max(*values, 0.0)) * HEADROOM or 1.0


def ticks(top: float) -> list[float]:
    """Give round values from zero up to a height, three to five of them."""
    power = 10.0 ** floor(log10(top))
    step = next(part * power for part in ROUND_STEPS if top / (part * power) < MOST_STEPS)
    return [round(step * index, 10) for index in range(int(top / step) + 1)]


def _grid(scale: Scale, unit: str, formats: Formats) -> Iterator[str]:
    right, marks = scale.size.width - scale.size.right, ticks(scale.top)
    for tick in marks:
        y = scale.y(tick)
        yield f'<path class="c-grid" d="M{scale.size.left} {y:.1f}H{right}" stroke="{FAINT}" stroke-width="1"/>'
        yield text(scale.size.left - 6, y + 4, _tick_text(tick, marks, unit, formats), "end", name="c-text")


def _tick_text(tick: float, marks: Sequence[float], unit: str, formats: Formats) -> str:
    if unit in {"share", "share_per_year", "eur", "eur_per_month"}:
        return formats.value(tick, unit)
    step = marks[1] if len(marks) > 1 else 1.0
    return formats.number(tick, max(0, -floor(log10(step))))


def _months(scale: Scale, formats: Formats) -> Iterator[str]:
    y = scale.size.height - 5
    januaries = [month for month in range(scale.first, scale.last + 1) if month % 12 == 0]
    if scale.last - scale.first >= YEARLY_FROM and januaries:
        for month in januaries:
            x, bottom = scale.x(month), scale.size.height - scale.size.bottom
            yield f'<path class="c-grid" d="M{x:.1f} {bottom}v4" stroke="{TEXT}" stroke-width="1"/>'
            yield text(x, y, str(month // 12), "middle", name="c-text")
        return
    for month, anchor in ((scale.first, "start"), (scale.last, "end")):
        yield text(scale.x(month), y, formats.month(_written(month)), anchor, name="c-text")


def _written(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _runs(points: Sequence[Body]) -> Iterator[list[Body]]:
    """Split at months without a value: a line must not bridge what nobody knows."""
    run: list[Body] = []
    for point in points:
        if run and month_index(point["month"]) - month_index(run[-1]["month"]) > 1:
            yield run
            run = []
        run.append(point)
    yield run


def _bands(scale: Scale, points: Sequence[Body]) -> Iterator[str]:
    for run in _runs([point for point in points if point["low"] is not None and point["high"] is not None]):
        if len(run) < FEWEST_POINTS:
            continue
        at = [(scale.x(month_index(p["month"])), scale.y(p["low"]), scale.y(p["high"])) for p in run]
        path = [f"{x:.1f} {high:.1f}" for x, _, high in at] + [f"{x:.1f} {low:.1f}" for x, low, _ in reversed(at)]
        yield f'<path class="c-band" d="M{"L".join(path)}Z" fill="{INK}" fill-opacity="0.15"/>'


def _usual_band(scale: Scale, measure: Body) -> Iterator[str]:
    """Draw the interval of what is usual across all months; an older answer has none."""
    low, high = measure.get("baseline_low"), measure.get("baseline_high")
    if low is not None and high is not None:
        right, top = scale.size.width - scale.size.right, scale.y(high)
        height = max(scale.y(low) - top, 1.0)
        yield (
            f'<rect class="c-usual-band" x="{scale.size.left}" y="{top:.1f}" width="{right - scale.size.left}" '
            f'height="{height:.1f}" fill="{USUAL}" fill-opacity="0.22"/>'
        )


def _lines(scale: Scale, points: Sequence[Body]) -> Iterator[str]:
    for run in _runs(points):
        path = "L".join(f"{scale.x(month_index(p['month'])):.1f} {scale.y(p['value']):.1f}" for p in run)
        yield (
            f'<path class="c-line" d="M{path}" fill="none" stroke="{INK}" stroke-width="2" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )


def _levels(scale: Scale, measure: Body, formats: Formats) -> Iterator[str]:
    """Draw the limit and what is usual, with their labels beside the chart, kept apart from one another."""
    say = translator(formats.language)
    lines = [
        (measure["limit"], say(N_("limit {value}")), LIMIT, "c-limit", "6 3"),
        (measure["baseline"], say(N_("usual {value}")), USUAL, "c-usual", "1.5 3"),
    ]
    known = sorted((line for line in lines if line[0] is not None), key=lambda line: -float(line[0]))
    right, lowest = scale.size.width - scale.size.right, 0.0
    for value, words, colour, name, dashes in known:
        y = scale.y(value)
        lowest = max(y + 4, lowest + LABEL_GAP)
        label = words.format(value=formats.value(value, measure["unit"]))
        yield (
            f'<path class="{name}" d="M{scale.size.left} {y:.1f}H{right + 4}" stroke="{colour}" stroke-width="1.5" '
            f'stroke-dasharray="{dashes}"/>'
        )
        yield text(right + 8, lowest, label, "start", colour, f"{name}-text")


def _dots(scale: Scale, points: Sequence[Body], unit: str, formats: Formats) -> Iterator[str]:
    """Put a dot on the last month, and over every month a target that names its figures."""
    last = points[-1]
    x, y = scale.x(month_index(last["month"])), scale.y(last["value"])
    yield f'<circle class="c-dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{INK}"/>'
    for point in points:
        x, y = scale.x(month_index(point["month"])), scale.y(point["value"])
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="#000" fill-opacity="0">'
            f"<title>{escape(point_text(point, unit, formats))}</title></circle>"
        )


def point_text(point: Body, unit: str, formats: Formats) -> str:
    """Write a month's figures: the month, the value, its interval and n."""
    text = f"{formats.month(point['month'])} : {formats.value(point['value'], unit)}"
    if point["low"] is not None and point["high"] is not None:
        text += f" [{formats.value(point['low'], unit)} ; {formats.value(point['high'], unit)}]"
    return f"{text}, n = {formats.number(point['n'], 0)}"


def _told(points: Sequence[Body], measure: Body, marks: Marks, formats: Formats) -> str:
    say, unit = translator(formats.language), measure["unit"]
    told = say(N_("From {first_month} to {last_month}: first {first}, last {last}.")).format(
        first_month=formats.month(points[0]["month"]),
        last_month=formats.month(points[-1]["month"]),
        first=formats.value(points[0]["value"], unit),
        last=formats.value(points[-1]["value"], unit),
    )
    for name, words in (("limit", say(N_("Limit: {value}."))), ("baseline", say(N_("Usual: {value}.")))):
        if measure[name] is not None:
            told += " " + words.format(value=formats.value(measure[name], unit))
    return " ".join([told, *_usual_told(measure, formats), *marks_told(marks, formats)])


def _usual_told(measure: Body, formats: Formats) -> Iterator[str]:
    low, high = measure.get("baseline_low"), measure.get("baseline_high")
    if low is not None and high is not None:
        words = translator(formats.language)(N_("The usual value lies between {low} and {high}."))
        yield words.format(low=formats.value(low, measure["unit"]), high=formats.value(high, measure["unit"]))
