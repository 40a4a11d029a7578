"""Words for the records behind a number, and for what could not be seen."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "evidence_changed": N_("{n} records by the rows of today; the answer counted {counted}."),
    "unseen_after": N_("Nothing after {day}: the source has been silent since."),
    "unseen_doubling": N_("{measure}: at this volume, a doubling would show after about {months} months."),
    "unseen_few_trials": N_(
        "{measure}: what is usual rests on {n} observations only; the change test raises no alarm below {needed}."
    ),
    "unseen_measure": N_("{measure}: no value. {why}"),
    "unseen_months": N_("{measure}: {n} months without data ({named})."),
    "unseen_months_more": N_("{measure}: {n} months without data (the last: {named})."),
}

LABELS: dict[str, str] = {}
