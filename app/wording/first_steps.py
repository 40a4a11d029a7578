"""Words of the first steps of a company."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "first_read_open": N_("Nothing has been read yet. A ledger export (FEC) of each year is enough to begin."),
    "first_read_done": N_("Sources read: {n}."),
    "first_director_open": N_("Nobody is known as a director: their hours can’t be told from others’."),
    "first_director_done": N_("Logins of directors: {n}."),
    "first_admin_open": N_("Nobody is known to do the administration: who the work rests on can’t be told."),
    "first_admin_done": N_("Logins of administrative staff: {n}."),
    "first_declared": N_("Declared."),
    "first_usual_none": N_("Usual is judged once there is a complete month of documents."),
    "first_usual_open": N_(
        "{first} to {last} is taken for usual until you say so or otherwise; until then a change is never more than "
        "something to watch."
    ),
    "first_usual_done": N_("{first} to {last} is what was usual."),
    "first_readers_open": N_("Nobody gets the weekly letter yet."),
    "first_readers_done": N_("Readers of the letter: {n}."),
}

LABELS: dict[str, str] = {
    "first_step:read": N_("Bring in what the books say"),
    "first_step:director": N_("Say who the director is"),
    "first_step:admin": N_("Say who does the administration"),
    "first_step:usual": N_("Confirm the period that was normal"),
    "first_step:readers": N_("Say who gets the letter"),
    "step:done": N_("done"),
    "step:open": N_("to do"),
    "first_step_way:import": N_("Import a ledger or lists"),
    "first_step_way:people": N_("Roles of logins"),
    "first_step_way:declarations": N_("Declare who does what"),
    "first_step_way:policy": N_("Policy"),
    "first_step_way:mail": N_("Mail"),
    "audit:first-steps/usual": N_("confirmed what was usual"),
}
