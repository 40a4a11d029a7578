"""Sentences of a letter's outlook: what is expected by the next one, and what came."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    # Expected
    "expected_range": N_("{what}: {range} (now {now})"),
    "expected_confirmed": N_("Confirmed on {on} or after, if it still holds: {what}"),
    "expected_closed": N_("Closed on {on} or after, if it stays calm or away: {what}"),
    "expected_stays": N_("Still open, until {on} at least: {what}"),
    "expected_note": N_("If nothing changes, a number is inside its range in nine letters of ten."),
    "expected_short": N_("Expected by the next letter: {expected}."),
    # Came
    "came_short": N_("What the last letter expected: {came}."),
    "came_counted": N_("{hits} of {n} came as expected."),
    "came_silent_1": N_("Of 1 nobody can say: no data."),
    "came_silent_n": N_("Of {n} nobody can say: no data."),
    "came_of_range": N_("{what}: expected {range}, came {came}"),
    "came_of_confirmed": N_("{what}: to be confirmed on {on} or after, if it held; came: {came}"),
    "came_of_closed": N_("{what}: to be closed on {on} or after, if it stayed calm or away; came: {came}"),
    "came_of_stays": N_("{what}: to stay open until {on} at least; came: {came}"),
    "came_stays": N_("Still open, as expected: {what}"),
    "came_inside": N_("{figure}: inside"),
    "came_above": N_("{figure}: above"),
    "came_below": N_("{figure}: below"),
    "came_confirmed": N_("it was confirmed"),
    "came_dropped": N_("it did not hold"),
    "came_closed": N_("it closed"),
    "came_back_over": N_("back over the line"),
    "came_still_open": N_("it is still open"),
    "came_cannot_say": N_("nobody can say: no data"),
}

LABELS: dict[str, str] = {}
