"""The body a readiness is served from: plain JSON values, codes beside numbers, no sentence in any language."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from signals.base import Measure, Point, Reason
from signals.break_even import BreakEven, Crossing, Span
from signals.calendar import month_start
from signals.change import Change
from signals.costs import Known
from signals.coverage import Cover
from signals.gates import Gate
from signals.hidden_cost import CostTable
from signals.joint import Joint
from signals.process_worth import Saving
from signals.processes import Perimeter, ProcessVerdict
from signals.readiness import Readiness, Signal
from signals.regime import Regime
from signals.shape import Shape
from signals.variants import variant_measures
from signals.watched import LONGEST_SAID
from signals.whatif import WhatIf
from signals.worth import Worth

Body = dict[str, Any]

DIGITS = 6
RECORDS_SHOWN = 50
STEPS_SHOWN = 40


def readiness_body(answer: Readiness, company: Mapping[str, Any]) -> Body:
    """Write an answer out as JSON values."""
    return {
        "company": {
            "id": company["id"],
            "name": company["name"],
            "siren": company["siren"],
            "currency": company["currency"],
            "is_demo": bool(company["is_demo"]),
        },
        "as_of": answer.as_of.isoformat(),
        "reconstructed": answer.reconstructed,
        "process": "all",
        "verdict": answer.verdict.value,
        "row": answer.row,
        "why": _reasons(answer.why),
        "coverage": {
            "signals_known": answer.signals_known,
            "signals": len(answer.signals),
            "gates_known": answer.gates_known,
            "gates": len(answer.gates),
        },
        "coverage_ledger": [_cover(cover) for cover in answer.covers],
        "freshness": {
            "reaches": answer.fresh.reaches.isoformat() if answer.fresh.reaches else None,
            "stale": answer.fresh.stale,
        },
        "signals": [signal_body(signal) for signal in answer.signals],
        "joint": _joint(answer.joint),
        "gates": [_gate(gate) for gate in answer.gates],
        "regime": _regime(answer.regime),
        "worth": _worth(answer.worth),
        "break_even": _break_even(answer.break_even),
        "full_cost": _costs(answer.costs),
        "processes": [_process(one) for one in answer.processes],
        "perimeter": _perimeter(answer.perimeter),
        "measures": [measure_body(measure) for measure in answer.measures],
        "missing": [asdict(missing) for missing in answer.missing],
        "what_would_change_it": [asdict(flip) | {"verdict": flip.verdict.value} for flip in answer.flips],
        "nearest_changes": [_nearest(change) for change in answer.nearest],
        "rests_on": _reasons(answer.rests_on),
        "speaks_against": _reasons(answer.against),
    }


def signal_body(signal: Signal) -> Body:
    """Write a signal out."""
    return {
        "name": signal.name.value,
        "level": signal.level.value,
        "why": _reasons(signal.why),
        "frozen_on": signal.frozen_on.isoformat() if signal.frozen_on else None,
        "primary": measure_body(signal.primary),
        "half": measure_body(signal.half) if signal.half else None,
        "measures": [measure_body(measure) for measure in signal.measures],
        "changes": {name: change_body(change) for name, change in signal.changes},
    }


def change_body(change: Change) -> Body:
    """Write out what the change test says of a series: where it stands, since when, and what it could have seen."""
    onset = change.onset
    return {
        "state": change.state.value,
        "alarm_week": change.alarm_week.isoformat() if change.alarm_week else None,
        "alarm_day": change.alarm_day.isoformat() if change.alarm_day else None,
        "since": onset.week.isoformat() if onset else None,
        "since_earliest": onset.low.isoformat() if onset else None,
        "since_latest": onset.high.isoformat() if onset else None,
        "years_by_chance": _round(min(change.years_by_chance, LONGEST_SAID)),
        "held_back_because": _reason(change.held_back) if change.held_back else None,
        "overdispersion": _round(change.phi),
        "too_irregular": change.too_irregular,
        "per_month": _round(change.per_month),
        "months_to_see_a_doubling": _round(change.delay_months),
        "smallest_seen_in_three_months": _round(change.smallest),
        "shape": _shape(change.shape),
        "alarms": [[a.raised.isoformat(), a.cleared.isoformat() if a.cleared else None] for a in change.alarms],
    }


def _cover(cover: Cover) -> Body:
    return {
        "signal": cover.signal.value,
        "tier": cover.tier.value,
        "n": cover.n,
        "measures_known": cover.known,
        "measures": cover.of,
        "sources": [
            {"stream": one.stream, "reaches": one.reaches.isoformat() if one.reaches else None, "stale": one.stale}
            for one in cover.sources
        ],
        "declared_on": cover.declared_on.isoformat() if cover.declared_on else None,
        "missing": [{"what": _reason(gap.what), "way": gap.way, "where": gap.where} for gap in cover.gaps],
    }


def _joint(joint: Joint | None) -> Body | None:
    if joint is None:
        return None
    return {
        "state": joint.state.value,
        "since": joint.since.isoformat() if joint.since else None,
        "years_by_chance": _round(min(joint.years_by_chance, LONGEST_SAID)),
        "drivers": [{"measure": driver.measure, "share": _round(driver.share)} for driver in joint.drivers],
        "series": joint.series,
        "of": joint.of,
        "alone": joint.alone,
        "held_back_because": _reason(joint.held_back) if joint.held_back else None,
    }


def _shape(shape: Shape | None) -> Body | None:
    if shape is None:
        return None
    return {
        "label": shape.label.value if shape.label else None,
        "probabilities": {name.value: _round(share) for name, share in shape.probabilities.items()},
        "months": shape.months,
        "n": shape.n,
        "why": _reasons(shape.reasons),
    }


def measure_body(measure: Measure) -> Body:
    """Write a measure out, with its evidence or the reason for having no value."""
    return {
        "name": measure.name,
        "kpi": measure.kpi,
        "signal": measure.signal.value if measure.signal else None,
        "process": measure.process,
        "unit": measure.unit.value,
        "value": _round(measure.value),
        "low": _round(measure.low),
        "high": _round(measure.high),
        "n": measure.n,
        "window": [day.isoformat() for day in measure.window] if measure.window else None,
        "tier": measure.tier.value,
        "sources": list(measure.sources),
        "no_value_because": _reason(measure.reason) if measure.reason else None,
        "notes": _reasons(measure.notes),
        "baseline": _round(measure.baseline),
        "baseline_n": measure.baseline_n,
        "baseline_low": _round(measure.baseline_low),
        "baseline_high": _round(measure.baseline_high),
        "recent": _round(measure.recent),
        "limit": _round(measure.limit),
        "series": [_point(point) for point in measure.series],
        "records": [
            {"stream": key.stream, "id": key.external_id, "connection": key.connection_id}
            for key in measure.records[:RECORDS_SHOWN]
        ],
        "records_total": measure.records_total,
    }


def _point(point: Point) -> Body:
    return {
        "month": f"{month_start(point.month):%Y-%m}",
        "value": _round(point.value),
        "low": _round(point.low),
        "high": _round(point.high),
        "n": point.n,
    }


def _gate(gate: Gate) -> Body:
    return {
        "name": gate.name.value,
        "state": gate.state,
        "why": _reasons(gate.why),
        "measures": [measure_body(measure) for measure in gate.measures],
    }


def _regime(regime: Regime) -> Body:
    return {
        "label": regime.label.value,
        "probability": _round(regime.probability),
        "probabilities": {name.value: _round(share) for name, share in regime.probabilities.items() if share},
        "months": regime.months,
        "why": _reasons(regime.why),
        "axes": [measure_body(measure) for measure in regime.axes],
        "beside": [measure_body(measure) for measure in regime.beside],
        "notes": _reasons(regime.notes),
    }


def _worth(worth: Worth | None) -> Body | None:
    if worth is None:
        return None
    return {
        "low": _round(worth.low),
        "high": _round(worth.high),
        "unit": "eur_per_month",
        "share_from_defaults": _round(worth.share_from_defaults),
        "lines": [{k: _round(v) if isinstance(v, float) else v for k, v in asdict(x).items()} for x in worth.lines],
    }


def _costs(costs: CostTable | None) -> Body | None:
    if costs is None:
        return None
    return {
        "month": f"{month_start(costs.month):%Y-%m}",
        "low": _round(costs.low),
        "high": _round(costs.high),
        "unit": "eur_per_month",
        "share_from_defaults": _round(costs.share_from_defaults),
        "lines": [{k: _round(v) if isinstance(v, float) else v for k, v in asdict(x).items()} for x in costs.lines],
    }


def _break_even(found: BreakEven | None) -> Body | None:
    if found is None:
        return None
    return {
        "price_per_month": _span(found.price),
        "price_per_hour": _span(found.per_hour),
        "hours_per_month": _span(found.hours),
        "payback_months": _span(found.payback_months),
        "prices": [
            {
                "model": price.model,
                "each": _span(price.each),
                "month": _span(price.month),
                "saves": _span(price.saves),
                "tag": price.tag,
                "in_force": price.in_force,
                "crossing": _crossing(price.crossing),
            }
            for price in found.prices
        ],
    }


def _crossing(crossing: Crossing) -> Body:
    days = {"on": crossing.on, "earliest": crossing.earliest, "latest": crossing.latest}
    return {
        "state": crossing.state,
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "share": _round(crossing.share),
        "because": _reason(crossing.reason) if crossing.reason else None,
    }


def _process(one: ProcessVerdict) -> Body:
    return {
        "process": one.process,
        "verdict": one.verdict.value,
        "row": one.row,
        "why": _reasons(one.why),
        "signals_known": one.known,
        "signals": one.speaking,
        "evidence": [
            {
                "signal": each.signal.value,
                "level": each.level.value,
                "why": _reasons(each.why),
                "measure": measure_body(replace(each.measure, series=(), records=())),  # told with the signal
            }
            for each in one.evidence
        ],
        "gates": [{"name": gate.name.value, "state": gate.state, "why": _reasons(gate.why)} for gate in one.gates],
        "sheet": one.sheet,
        "declared": list(one.declared),
        "course": _course(one),
        "volumes": [
            {"of": v.of, "per_month": _round(v.per_month), "low": v.low, "high": v.high, "n": v.n} for v in one.volumes
        ],
        "hours_per_month": _known(one.take.hours),
        "share_of_hours": _round(one.take.shares.all) if one.take.shares else None,
        "cost_per_month": _known(one.take.cost),
        "worth": _saving(one.worth),
        "missing": [{"what": _reason(each.what), "way": each.way, "where": each.where} for each in one.missing],
    }


def _course(one: ProcessVerdict) -> Body | None:
    """Write out how a process's cases went: its numbers, the commonest courses, the steps and what they say."""
    if one.course is None:
        return None
    return {
        "measures": [measure_body(measure) for measure in variant_measures([one.course])],
        "paths": [{"steps": list(steps), "n": n} for steps, n in one.course.paths],
        "steps": [{"action": action, "n": n} for action, n in one.course.steps[:STEPS_SHOWN]],
        "checks": _reasons(one.checks),
    }


def _perimeter(found: Perimeter | None) -> Body | None:
    if found is None:
        return None
    hours, worth = _known(found.hours), _saving(found.worth)
    return {"processes": list(found.processes), "hours_per_month": hours, "worth": worth}


def _known(amount: Known | None) -> Body | None:
    return None if amount is None else {"low": _round(amount.low), "high": _round(amount.high), "tag": amount.tag}


def _saving(worth: Saving | None) -> Body | None:
    return None if worth is None else {"low": _round(worth.low), "high": _round(worth.high), "unit": "eur_per_month"}


def _span(span: Span | None) -> list[float | None] | None:
    return None if span is None else [_round(span.low), _round(span.high)]


def _nearest(change: WhatIf) -> Body:
    return {
        "kind": change.kind,
        "name": change.name,
        "before": _round(change.before),
        "after": _round(change.after),
        "unit": change.unit.value,
        "processes": list(change.processes),
        "since": change.since.isoformat() if change.since else None,
        "verdict": change.verdict.value,
    }


def _reason(reason: Reason) -> Body:
    return {
        "code": reason.code,
        "params": {k: _round(v) if isinstance(v, float) else v for k, v in reason.params.items()},
    }


def _reasons(reasons: tuple[Reason, ...]) -> list[Body]:
    return [_reason(reason) for reason in reasons]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def measures_of(signal: Body) -> list[Body]:
    """List a signal's measures: the primary one, its other half, those that explain."""
    return [signal["primary"], *([signal["half"]] if signal["half"] else []), *signal["measures"]]


def speaks_of(why: Body, measure: Body) -> bool:
    """Say whether a reason carries a measure's figures."""
    shared = [name for name in ("limit", "baseline") if name in why["params"]]
    return why == measure["no_value_because"] or any(why["params"][name] == measure[name] for name in shared)


def halves(signal: Body) -> list[tuple[Body, list[Body]]]:
    """Sort a signal's reasons by the measure they speak of: the primary one, or its other half.

    A reason carries its measure's figures, which tell them apart.
    """
    primary, half = signal["primary"], signal["half"]
    if half is None:
        return [(primary, signal["why"])]
    of_half = [why for why in signal["why"] if speaks_of(why, half) and not speaks_of(why, primary)]
    return [(primary, [why for why in signal["why"] if why not in of_half]), (half, of_half)]


def carrying_measure(signal: Body) -> Body:
    """Give the measure that carries a signal's level: its other half only where all reasons speak of that."""
    (primary, of_primary), *rest = halves(signal)
    for half, of_half in rest:
        if half["value"] is not None and (primary["value"] is None or (of_half and not of_primary)):
            return half
    return primary


def every_measure(body: Body) -> dict[str, Body]:
    """Give every measure of an answer by its name."""
    listed = list(body["measures"])
    for signal in body["signals"]:
        listed += measures_of(signal)
    for gate in body["gates"]:
        listed += gate["measures"]
    regime = body.get("regime") or {"axes": [], "beside": []}  # an older answer has none
    listed += regime["axes"] + regime["beside"]
    return {measure["name"]: measure for measure in listed}
