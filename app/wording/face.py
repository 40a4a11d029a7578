"""Sentences and names of the pages of the watch."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "carried": N_("{measure}: {figures}"),
    "carried_limit": N_("{measure}: {figures}, against a limit of {limit}"),
    "carried_baseline": N_("{measure}: {figures}, against the usual {baseline}"),
    "last_known": N_("Last known: {carried}"),
    "verdict_moved": N_("{before} → {verdict}"),
    "assessment_fault": N_("fault: {error}"),
    "told_signal": N_("On {day} it was seen to have crossed. {carried}."),
    "told_verdict": N_("The verdict seen on {day}: {carried}."),
    "told_first_verdict": N_("Seen for the first time on {day}; no other verdict had been announced before it."),
    "told_source": N_("Since {day} it can’t be read. {carried}"),
    "told_assessment": N_(
        "On {day} the assessment failed ({carried}): the answer before it still stands, and says nothing about today."
    ),
    "told_silent": N_(
        "On {day} it fell silent: its source has brought nothing newer, and nobody can say where it stands."
    ),
    "told_opened": N_("It began on {day}."),
}

LABELS: dict[str, str] = {}
