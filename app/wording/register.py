"""The register of processes: its pages, what was wrong with a sheet, and how the work is really done."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "no_such_process": N_("There is no process “{name}”."),
    "register_empty": N_("Nothing has been written down of any process yet."),
    "register_too_long": N_("{key}: at most {most} lines."),
    "register_not_a_text": N_("{key}: “{value}” is not a text."),
    "register_text_too_long": N_("{key}: at most {most} characters."),
    "register_unknown_frequency": N_("{key}: there is no frequency “{value}”; there are {known}."),
    "register_review_in_the_future": N_("{key}: a sheet can’t have been looked through on {day}, a day to come."),
    "register_volume": N_("{value} a month ({low} to {high}, {n} months)"),
    "register_interval": N_("{value} ({low} to {high})"),
    "variants_few_cases": N_("Too few cases to say how the work goes: {n} in a year (at least {needed})."),
    "traces_of_one_step": N_(
        "The sources tell one step alone of most cases ({followed} of {n} have more): "
        "too little to say how the work goes."
    ),
    "repeated_on_purpose": N_("Doing the same again belongs to this process: that is no rework."),
    "documented_as_done": N_("Done as one would write it down: {variants} ways cover 80 % of {n} cases."),
    "documented_but_varied": N_(
        "Documented, but {variants} ways are needed to cover 80 % of {n} cases: more than a sheet describes ({limit})."
    ),
    "documented_but_reworked": N_(
        "Documented, but {share} of {n} cases had to be gone back to (limit {limit_share}, by the lower bound)."
    ),
    "undocumented_but_regular": N_(
        "Not documented, but done in few ways ({variants} cover 80 % of {n} cases): it is quickly written down."
    ),
    "written_since": N_("Process sheets written or changed since: {n}."),
    "register_path": N_("{share} ({n}): {steps}"),
}

MEASURES: dict[str, tuple[str, str]] = {
    "usual_path_share": (
        N_("Cases that took one of the three commonest ways"),
        N_("Share of a process’s ended cases whose steps, in order, are one of the three commonest."),
    ),
    "variants_covering": (
        N_("Ways that cover 80 % of cases"),
        N_("The fewest ways (the same steps in the same order) that together make up 80 % of the ended cases."),
    ),
    "variant_entropy": (
        N_("Spread over ways"),
        N_("0 when all cases went one way, 1 when each went its own: entropy over the most it could be."),
    ),
    "rework_share": (
        N_("Cases that were gone back to"),
        N_("Share of a process’s ended cases in which a step was done more than once."),
    ),
}

LABELS: dict[str, str] = {
    "volume:documents": N_("Documents"),
    "volume:reminders": N_("Reminders"),
    "volume:hours": N_("Hours a month"),
    "frequency:as_needed": N_("when needed"),
    "frequency:daily": N_("daily"),
    "frequency:weekly": N_("weekly"),
    "frequency:fortnightly": N_("every two weeks"),
    "frequency:monthly": N_("monthly"),
    "frequency:quarterly": N_("quarterly"),
    "frequency:yearly": N_("yearly"),
    "step:created": N_("created"),
    "step:validated": N_("validated"),
    "step:sent": N_("sent"),
    "step:paid": N_("paid"),
    "step:edited": N_("changed"),
    "step:changed": N_("changed"),
    "step:reopened": N_("reopened"),
    "step:cancelled": N_("cancelled"),
    "step:reminded": N_("reminded"),
    "step:enter": N_("entered"),
    "part_state:written": N_("written down"),
    "part_state:declared": N_("declared, not written down"),
    "part_state:missing": N_("missing"),
}
