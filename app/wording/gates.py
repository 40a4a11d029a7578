"""Words for the gates: what was detected, and the way through each."""

from app.wording.marker import N_

LABELS: dict[str, str] = {}

SENTENCES: dict[str, str] = {
    "detected_tool_change": N_("{stream}: {old_tool} ended on {last}, {new_tool} began on {first}: a change of tools."),
    "detected_new_tool": N_("A new tool, {new_tool}, has content since {first} only."),
    "detected_chart_change": N_(
        "{share} of the movements of {months} months are on accounts the year before never had ({accounts}): "
        "the chart of accounts changes."
    ),
    "detected_no_roles": N_("{actors} people were at work in {days} days, and nobody said who does what."),
    "way_volume": N_("Help by the hour costs less at this volume; look again when it grows."),
    "way_stability": N_("Let activity settle; until then, hand over at most a process whose volume is steady."),
    "way_formalised": N_(
        "Describe each process named: tasks, frequency, validation rules, tools; look through it once a year."
    ),
    "way_structure": N_(
        "Settle what is named: an owner, an approval rule and tools for each process; end the change under way, "
        "then declare it over."
    ),
}
