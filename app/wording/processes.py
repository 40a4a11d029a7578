"""Processes: the verdict of each, its sheet, and the perimeter to hand over."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "bound_above_limit": N_("Above the limit of {limit} beyond chance."),
    "directors_on_process": N_("Directors spend {limit} hours or more on it a week."),
    "few_director_hours": N_("Directors spend less than {limit} hours on it a week."),
    "hours_not_by_process": N_("Directors’ hours are not known by process."),
    "several_know": N_("{n} people know it."),
    "one_knows": N_("One person alone knows it, at {months} of {of} month ends."),
    "one_knows_now": N_("One person alone knows it at present."),
    "done_outside": N_("Nobody of the company does it: it is done outside already."),
    "nobody_seen_or_declared": N_("Who does it is neither seen nor declared."),
    "process_hours_unknown": N_("Its hours are not known; {limit} a month are the least to hand over alone."),
    "process_too_small": N_("{hours} hours a month: too few to hand over alone (at least {limit})."),
    "process_perhaps_too_small": N_("Up to {hours} hours a month: perhaps too few to hand over alone ({limit})."),
    "process_large_enough": N_("{hours} hours a month: enough to hand over alone (at least {limit})."),
    "no_sheet": N_("Nobody has declared its sheet."),
    "sheet_lacks": N_("Its sheet lacks: {parts}."),
    "sheet_old": N_("Its sheet was last looked through more than a year ago."),
    "sheet_complete": N_("Its sheet is complete, and was looked through within a year."),
    "lacking_sheet_none": N_("It has no sheet."),
    "lacking_sheet_incomplete": N_("Its sheet is incomplete."),
    "lacking_sheet_old": N_("Its sheet is more than a year old."),
    "lacking_hours": N_("Its hours are not measured."),
    "lacking_signal": N_("“{signal}” is not known for it."),
    "lacking_measured": N_("“{signal}” rests on somebody’s word."),
    "way_sheet": N_("Fill in its sheet on the page of declarations."),
    "process_no_need": N_("{known} of the {of} signals that can speak of it are known; they make no need."),
    "process_few_signals_known": N_("Too little is known: {known} of the {of} signals that can speak of it."),
    "process_few_signals_for_no": N_(
        "No need is seen, but too little is known to say no: {known} of the {of} signals that can speak of it."
    ),
    "process_figure": N_("{name}: {value}"),
    "process_hours": N_("{low} h"),
    "process_hours_range": N_("{low} to {high} h"),
    "process_worth": N_("{low} to {high}"),
    "perimeter_none": N_("No process is to be handed over by itself today."),
    "perimeter": N_("To hand over together: {processes}."),
    "perimeter_hours": N_("That is {hours} a month."),
    "perimeter_hours_unknown": N_("How many hours that is can’t be said: not all of them are known."),
    "perimeter_worth": N_("Together it would save {low} to {high} a month."),
    "perimeter_worth_unknown": N_("What it would save can’t be said."),
    "perimeter_steering": N_(
        "A process alone pays less than its share: at worst, steering and transition cost as much as for all."
    ),
}

LABELS: dict[str, str] = {
    "sheet:none": N_("no sheet"),
    "sheet:incomplete": N_("incomplete"),
    "sheet:old": N_("over a year old"),
    "sheet:complete": N_("complete"),
    "sheet_part:tasks": N_("tasks"),
    "sheet_part:frequency": N_("frequency"),
    "sheet_part:validation_rules": N_("validation rules"),
    "sheet_part:tools": N_("tools"),
    "sheet_part:owner": N_("an owner"),
    "sheet_part:approval_rule": N_("an approval rule"),
    "face:process_sheet": N_("Process sheet"),
    "face:processes": N_("Process by process"),
}

MEASURES: dict[str, tuple[str, str]] = {
    "process_director_hours": (
        N_("Directors’ hours on it, a week"),
        N_("Hours a week of directors on this process, in the recent window."),
    ),
    "process_knowers": (
        N_("People who know it"),
        N_("People who did at least a tenth of it, and three things, in 180 days; else as declared."),
    ),
}
