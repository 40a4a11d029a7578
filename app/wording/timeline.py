"""Words for past verdicts: where the view of then comes from."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "known_kept": N_("As known then: the answer kept from that day."),
    "known_rebuilt": N_("As known then: computed from the rows as they stood at the end of that day."),
    "known_nothing": N_("Nothing had been read yet on that day: there is no view of then, only today’s."),
}

LABELS: dict[str, str] = {}
