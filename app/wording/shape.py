"""Words for what a change looks like."""

from app.wording.marker import N_

LABELS: dict[str, str] = {
    "shape:none": N_("as usual"),
    "shape:one_off": N_("one-off"),
    "shape:recurrent": N_("recurrent"),
    "shape:step": N_("step"),
    "shape:drift": N_("drift"),
}

SENTENCES: dict[str, str] = {
    "shape_one_off": N_("It looks like one bad spell that ended (probability {chance_share})."),
    "shape_recurrent": N_("It looks like bad spells that come back (probability {chance_share})."),
    "shape_step": N_(
        "It looks like a step about {since}: worse at once, and level since (probability {chance_share})."
    ),
    "shape_drift": N_("It looks like a drift: worse month by month (probability {chance_share})."),
    "shape_named": N_("The months look like: {shape} (probability {probability})."),
    "shape_worse": N_("It is worse (probability {probability}), in a way that has no name yet."),
    "shape_undetermined": N_("Whether it is worse at all is open (probability {probability})."),
    "shape_few_trials": N_("With {per_month} cases a month no shape can be named; that takes {needed}."),
    "shape_drift_few_trials": N_(
        "With {per_month} cases a month a drift can’t be told from a step; that takes {needed}."
    ),
}
