"""What could be changed for another verdict: in the work, in what is declared, in what is set."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "change_since": N_("had it been so since {day}"),
    "joint_alarm": N_(
        "Taken together, the series have been worse than usual beyond chance since the week of {day}, though none "
        "alone has crossed: "
        "{drivers}. Chance alone would show this once in {years} years."
    ),
    "joint_held": N_("What is normal was not confirmed by anybody, or rests on little: take it with care."),
    "joint_unmoved": N_("This is said to be watched; it moves no signal and no verdict."),
    "joint_driver": N_("{name} {share}"),
    "change_none": N_("No single change in the work, in what is declared or in the limits gives another verdict."),
    "change_alone": N_("Each change alone, found by assessing again: the nearest of its kind."),
}

LABELS: dict[str, str] = {
    "change_kind:measured": N_("in the work"),
    "change_kind:declared": N_("as declared"),
    "change_kind:policy": N_("as set"),
    "change:late_issued_rate": N_("Invoices billed late"),
    "change:unreminded_rate": N_("Overdue invoices without a reminder"),
    "change:error_rate": N_("Invoices with an error"),
    "change:director_hours_per_week": N_("Directors’ hours of back-office work"),
    "change:documents_per_month": N_("Documents"),
    "change:shared_processes": N_("A second person does half of"),
    "change:director_hours": N_("Directors’ hours declared"),
    "change:director_rate": N_("What a director’s hour is worth"),
    "change:admin_hours": N_("Administrative hours declared"),
    "change:admin_rate": N_("What an administrative hour costs"),
    "change:provider_price": N_("Provider’s price"),
    "change:governance_hours": N_("Hours a month to steer the provider"),
    "change:transition": N_("Cost of the transition, once"),
    "change:documented": N_("Tasks, frequency, validation rules and tools described of"),
    "change:structured": N_("Owner, approval rule and tools named for"),
    "change:completed": N_("Described in full, with owner and approval rule:"),
    "change:stand_in": N_("A second person able to do"),
    "change:restructuring_begun": N_("A reorganisation or a change of tool begins"),
    "change:restructuring_over": N_("The reorganisation or change of tool is over"),
    "change:late_issued_limit": N_("Limit for invoices billed late"),
    "change:unreminded_limit": N_("Limit for overdue invoices without a reminder"),
    "change:accrued_sales_limit": N_("Limit for sales not yet invoiced, in months"),
    "change:director_hours_limit": N_("Limit for directors’ hours"),
    "change:error_limit": N_("Limit for invoices with an error"),
    "change:sole_operator_limit": N_("Limit for processes of one person alone"),
    "change:hidden_ratio_limit": N_("Limit for hidden over visible cost"),
    "change:volume_documents": N_("Documents that are enough"),
    "change:volume_fte": N_("Workload that is enough"),
    "change:instability_limit": N_("Limit for unstable activity"),
    "change:documented_limit": N_("Share of processes to be described"),
}
