"""`seuil rules`: the legal rules that hold on a day, with where they are written and what disputes them."""

from datetime import date

import typer

from app.language import Formats
from app.wording import label, say
from signals.rules import FRANCE, Rule, rules_on


def print_rules(day: date, language: str) -> None:
    """Print the rules of a day."""
    formats = Formats(language)
    typer.echo(say("rules_no_advice", {}, language))
    for rule in rules_on(day):
        typer.echo(f"\n{text_of(rule, language)}{_figure(rule, formats)}")
        typer.echo(f"  {rule.citation} · {formats.day(rule.checked_on.isoformat())} · {rule.source}")
        if rule.conflict:
            conflict = label("rule_conflict", rule.conflict, language)
            typer.secho(f"  {say('rule_disputed', {'text': conflict}, language)}", fg="yellow")


def text_of(rule: Rule, language: str) -> str:
    """Say a rule."""
    return label("rule", rule.code, language)


def _figure(rule: Rule, formats: Formats) -> str:
    if rule.value is None:
        return ""
    unit = label("rule_unit", rule.unit, formats.language)
    value = formats.percent(rule.value) if rule.unit == "above_ecb_rate" else formats.number(rule.value, 0)
    return f" {value} {unit}"


def as_markdown() -> str:
    """Write all rules, past and to come, as the table of the documentation."""
    formats = Formats("en")
    lines = ["| Rule | Figure | From | Until | Written in | Last checked |", "| --- | --- | --- | --- | --- | --- |"]
    for rule in FRANCE:
        disputed = f" *{label('rule_conflict', rule.conflict, 'en')}*" if rule.conflict else ""
        until = rule.until.isoformat() if rule.until else ""
        cells = (
            f"{text_of(rule, 'en')}{disputed}", _figure(rule, formats).strip(), rule.since.isoformat(), until,
            f"[{rule.citation}]({rule.source})", rule.checked_on.isoformat(),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
