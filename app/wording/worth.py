"""Break-even: the price, the hours and the date from which handing over pays; the lines of the full cost."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "even_price": N_("It pays up to a price of {low} to {high} a month, steering and transition included."),
    "even_price_never": N_("At no price: what would be saved doesn’t cover steering and transition."),
    "even_price_low": N_("It pays up to a price of at most {high} a month, and at worst at none."),
    "even_hour": N_("That is {low} to {high} an hour handed over."),
    "even_hours": N_("At the price in force it pays from {low} to {high} hours a month on."),
    "even_hours_from": N_("At the price in force it pays from {low} hours a month on, or at worst never."),
    "even_hours_never": N_("At the price in force no number of hours pays: an hour costs less in-house."),
    "even_payback": N_("The transition is made up for in {low} to {high} months."),
    "even_payback_from": N_("The transition is made up for in {low} months, or at worst never."),
    "even_payback_never": N_("The transition is never made up for."),
    "even_trend": N_("From when, if the workload goes on as in the last three years:"),
    "costs_defaults": N_("{share} of the sum rests on default figures that nobody here has stated."),
    "costs_within": N_("a part of the time above, not added"),
    "few_documents": N_("Only {n} documents; {needed} are needed."),
    "hours_without_process": N_("Time entries don’t say which process they were for."),
    "crossing_pays_already": N_("today already"),
    "crossing_crosses": N_("from about {on} (90%: {earliest} to {latest})"),
    "crossing_crosses_open": N_("from about {on} (90%: {earliest} to beyond three years)"),
    "crossing_stops": N_("no longer from about {on} (90%: {earliest} to {latest})"),
    "crossing_stops_open": N_("no longer from about {on} (90%: {earliest} to beyond three years)"),
    "crossing_none": N_("not within three years"),
    "crossing_cannot_say": N_("can’t be said: {why}"),
}

LABELS: dict[str, str] = {
    "cost:lateness": N_("money that comes in late"),
    "cost:errors": N_("mending errors"),
    "cost_kind:visible": N_("shows"),
    "cost_kind:hidden": N_("hidden"),
    "price:fixed": N_("a month"),
    "price:per_hour": N_("an hour"),
    "price:per_document": N_("a document"),
}
