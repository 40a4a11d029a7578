"""Words of the decision memo: next steps, and what is not known."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "step_offers": N_("Ask three providers for a price for the same perimeter: {processes}."),
    "step_offers_all": N_(
        "Name the processes to hand over, then ask three providers for a price for the same perimeter."
    ),
    "step_price": N_(
        "Decide beforehand what to accept: up to {price} a month it pays on the cautious side of the range."
    ),
    "step_governance": N_(
        "Name who will follow the provider, and by which figures; this memo’s are the starting point."
    ),
    "step_prepare": N_("Prepare first: remove what stands in the way, then have this memo made anew."),
    "step_not_needed": N_("Decide nothing now. Seuil looks every week and writes when a signal crosses its limit."),
    "step_too_early": N_("Wait: what is said below is too early. Seuil looks every week and writes when that changes."),
    "step_gate": N_("{gate}: {way}"),
    "step_baseline": N_("Confirm which period was normal: until then a change is watched and raises no alarm."),
    "step_defaults": N_("Replace default figures by your own: {share} of the amounts rest on them."),
    "memo_stale": N_("Nothing after {day}: the data stop there."),
    "memo_gap": N_("{signals}: {what}"),
    "memo_process": N_("Whether to hand over: {process}."),
}

LABELS: dict[str, str] = {}
