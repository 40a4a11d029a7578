"""Words for work seen in traces: sessions, who knows what, who approves, who leaves."""

from app.wording.marker import N_

LABELS: dict[str, str] = {}

MEASURES: dict[str, tuple[str, str]] = {
    "out_of_hours_share": (
        N_("Work out of hours"),
        N_("Share of the time seen in traces outside working hours, at week-ends or on closed days, 90 days."),
    ),
    "truck_factor": (
        N_("Truck factor"),
        N_(
            "How many people have to go until over half of the work, by customer, supplier or task, is known to nobody."
        ),
    ),
    "same_hands_share": (
        N_("Approved by their author"),
        N_("Share of the approved documents of 12 months that their own author approved."),
    ),
    "departures_ahead": (
        N_("Departures ahead"),
        N_("People who know a process and are known to leave within 90 days; how many, never who."),
    ),
}

SENTENCES: dict[str, str] = {
    "no_traces": N_("No source says at what time things were done."),
    "few_trace_weeks": N_("Traces cover {n} weeks; {needed} are needed."),
    "traces_of_bot": N_("{n} logins act like robots or are declared as such; their traces are nobody’s hours."),
    "traces_of_shared_login": N_(
        "{n} logins are shared, by declaration or because no single person works such days; they are left out."
    ),
    "traces_of_outside_accountant": N_("{n} logins belong to the outside accountant and are left out."),
    "hours_from_traces": N_(
        "These hours are estimated from traces in the tools: what leaves none (telephone, paper) is not in them."
    ),
    "hours_of_two_sources": N_(
        "Time entries and traces may show the same hours: at least the larger of the two, at most their sum."
    ),
    "no_cells_source": N_("No source says who worked for which customer, supplier or task."),
    "few_cells": N_("Only {n} customers, suppliers or tasks are known by anybody; {needed} are needed."),
    "cells_orphaned_by_first": N_(
        "Without the one person who knows most, {share} of the customers, suppliers and tasks would be left "
        "with nobody who knows them."
    ),
    "cells_unknown": N_(
        "{n} of {of} customers, suppliers or tasks had too few events for anybody to know them; they are not counted."
    ),
    "no_approvals": N_("No source says who approved which document."),
    "no_recent_approvals": N_("No document was approved in the last {months} complete months."),
    "approver_is_author": N_(
        "The approver is always the author: the source fills in one from the other, or there is one person only."
    ),
    "no_staff_source": N_("No source lists the staff and who is leaving."),
    "nobody_known": N_("Nobody did enough lately to be said to know a process."),
    "departure_leaves_nobody": N_("{n} of {of} processes would be left with nobody who knows them."),
}
