"""An answer as text for a terminal."""

from typing import Any

import typer

from app.covered import covered
from app.even import even
from app.language import Formats
from app.nearest import told
from app.processes import by_process
from app.together import said_together
from app.wording import label, measure_label, say

_COLOURS = {"over": "red", "watch": "yellow", "calm": "green", "unknown": "bright_black"}


def print_answer(body: dict[str, Any], language: str) -> None:
    """Print the verdict, the five signals, the gates, the worth and what is missing."""
    formats = Formats(language, body["company"]["currency"])
    sentence = say_verdict(body, language)
    typer.secho(f"\n{sentence}", bold=True)
    cover = body["coverage"]
    typer.echo(
        f"{formats.long_day(body['as_of'])} · {cover['signals_known']}/{cover['signals']} · "
        f"{cover['gates_known']}/{cover['gates']}"
    )
    for reason in body["why"]:
        typer.echo(f"  – {say(reason['code'], reason['params'], language)}")
    for signal in body["signals"]:
        _print_signal(signal, body, formats)
    for text in said_together(body, language):
        typer.echo(f"\n{text}")
    typer.echo("")
    for gate in body["gates"]:
        _print_gate(gate, language)
    _print_regime(body, language)
    if body["worth"]:
        low, high = formats.money(body["worth"]["low"]), formats.money(body["worth"]["high"])
        typer.echo(f"\n{low} … {high} {label('unit', 'eur_per_month', language)}")
        _print_even(body, language)
    _print_processes(body, language)
    _print_nearest(body, language)
    _print_coverage(body, language)
    for missing in body["missing"]:
        typer.echo(f"  ? {say(missing['what'], {}, language)} → {say(missing['remedy'], {}, language)}")


def _print_gate(gate: dict[str, Any], language: str) -> None:
    """Print a gate with its reasons, and the way through one that is not passed."""
    unit = gate["measures"][0]["unit"] if gate["measures"] else ""
    why = " ".join(say(reason["code"], reason["params"], language, unit) for reason in gate["why"])
    name, state = label("gate", gate["name"], language), label("state", gate["state"], language)
    typer.echo(f"{name}: {state}. {why}")
    if gate["state"] != "passed":
        way = "way_" if gate["state"] == "failed" else "remedy_"
        typer.echo(f"  → {say(way + gate['name'], {}, language)}")


def _print_regime(body: dict[str, Any], language: str) -> None:
    """Print how the volume moves, and why that speaks for handing work over."""
    regime = body["regime"]
    name = label("regime", regime["label"], language)
    why = [say(reason["code"], reason["params"], language) for reason in (*regime["why"], *regime["notes"])]
    typer.echo(f"\n{label('face', 'regime', language)}: {name}. {' '.join(why)}")
    helps = label("regime_helps", regime["label"], language)
    if helps != regime["label"]:
        typer.echo(f"  {helps}")


def _print_processes(body: dict[str, Any], language: str) -> None:
    """Print the verdict of each process, and the perimeter to hand over."""
    found = by_process(body, language)
    if found is None:
        return
    typer.echo(f"\n{label('face', 'processes', language)}")
    for row in found.rows:
        verdict = label("verdict", row.verdict, language)
        typer.echo(f"  {row.name}: {verdict} · {row.hours} · {row.worth} · {row.sheet}")
        typer.echo(f"    {' '.join(row.why)}")
        for what, way, _ in row.missing[:1]:
            typer.echo(f"    ? {say('cover_way', {'what': what, 'way': way}, language)}")
    for text in found.perimeter:
        typer.echo(f"  – {text}")


def _print_nearest(body: dict[str, Any], language: str) -> None:
    """Print what would give another verdict, each change alone."""
    nearest = told(body, language)
    typer.echo("")
    if not nearest:
        typer.echo(say("change_none", {}, language))
    for change in nearest:
        verdict = label("verdict", change.verdict, language)
        rest = f" ({change.since})" if change.since else ""
        typer.echo(f"  ↷ {change.what} {change.how}".rstrip() + f"{rest} ⇒ {verdict}")


def _print_signal(signal: dict[str, Any], body: dict[str, Any], formats: Formats) -> None:
    language = formats.language
    level = label("level", signal["level"], language)
    name = label("signal", signal["name"], language)
    typer.secho(f"\n{name}: {level}", fg=_COLOURS[signal["level"]])
    for measure in (signal["primary"], signal["half"]):
        if measure:
            typer.echo(f"  {_measure(measure, formats)}")
    for reason in signal["why"]:
        typer.echo(f"  – {say(reason['code'], reason['params'], language, signal['primary']['unit'])}")
    if signal["name"] == "hidden_cost" and body.get("full_cost"):
        _print_costs(body["full_cost"], signal["measures"], formats)


def _print_costs(costs: dict[str, Any], measures: list[dict[str, Any]], formats: Formats) -> None:
    """Print the full cost with its lines, how each is known, and what a document costs."""
    language = formats.language
    for measure in measures:
        if measure["value"] is not None:
            typer.echo(f"  {_measure(measure, formats)}")
    for line in costs["lines"]:
        low, high = formats.money(round(line["low"])), formats.money(round(line["high"]))
        kind = label("cost_kind", "visible" if line["visible"] else "hidden", language)
        within = f", {say('costs_within', {}, language)}" if line["within"] else ""
        tag = label("tag", line["tag"], language)
        typer.echo(f"    {label('cost', line['name'], language)}: {low} … {high} ({kind}, {tag}{within})")
    typer.echo(f"    {say('costs_defaults', {'share': costs['share_from_defaults']}, language)}")


def _print_even(body: dict[str, Any], language: str) -> None:
    """Print where handing over begins to pay, and from when on at each way of asking a price."""
    found = even(body, language)
    if found is None:
        return
    for text in found.sentences:
        typer.echo(f"  – {text}")
    for price in found.prices:
        typer.echo(f"  – {price.each} {price.name} ({label('tag', price.tag, language)}): {price.when}")


def _print_coverage(body: dict[str, Any], language: str) -> None:
    """Print of each signal how it is known, and the cheapest way to what is missing."""
    typer.echo("")
    for line in covered(body, language):
        known = ", ".join((label("tier", line.tier, language), f"n={line.n}", line.measures, *line.sources))
        typer.echo(f"{line.name}: {known}")
        for what, way, _ in line.missing[:1]:
            typer.echo(f"  ? {say('cover_way', {'what': what, 'way': way}, language)}")


def say_verdict(body: dict[str, Any], language: str) -> str:
    """Say the verdict in one sentence."""
    return label("say", body["verdict"], language).format(company=body["company"]["name"])


def _measure(measure: dict[str, Any], formats: Formats) -> str:
    name = measure_label(measure["name"], formats.language)
    if measure["value"] is None:
        reason = measure["no_value_because"] or {"code": "no_value", "params": {}}
        return f"{name}: – ({say(reason['code'], reason['params'], formats.language)})"
    unit = measure["unit"]
    shown = formats.value(measure["value"], unit)
    if measure["low"] is not None:
        shown += f" [{formats.value(measure['low'], unit)} – {formats.value(measure['high'], unit)}]"
    words = "" if unit.startswith("share") else f" {label('unit', unit, formats.language)}"
    return f"{name}: {shown}{words} (n={measure['n']}, {label('tier', measure['tier'], formats.language)})"
