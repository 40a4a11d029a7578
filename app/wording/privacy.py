"""Words of the register of processing, and of the notice to the staff."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "privacy_purpose": N_(
        "To judge, from the company’s own books, whether its administrative work should be handed over to a provider: "
        "punctuality, errors, the time directors spend on it, dependence on single persons, cost."
    ),
    "privacy_basis": N_(
        "The legitimate interest of the company in organising its administration (article 6, paragraph 1, point f); to "
        "be weighed against the interests of the staff before it is put to use."
    ),
    "privacy_persons": N_(
        "Staff and directors who do administrative work; contacts of customers and suppliers, as far as documents name "
        "them; readers of the letters."
    ),
    "privacy_data": N_(
        "Logins under a pseudonym with a role, dates and kinds of things done, hours worked, first and last day, dates "
        "of absences without their reason; no pay of single persons, no reason of absence, nothing of health."
    ),
    "privacy_recipients": N_(
        "Owners, finance leads, auditors and viewers of this company in Seuil, by role; readers of the letters, who "
        "get figures and no names."
    ),
    "privacy_transfers": N_("None by Seuil: it runs where you run it, and sends nothing but the letters and notices."),
    "privacy_safeguards": N_(
        "Pseudonyms of each company’s own, names kept apart and shown to owners who ask, each look written down; "
        "secrets sealed; passwords as argon2id; roles by company."
    ),
    "notice_what": N_(
        "{company} uses Seuil to see whether its administrative work should be handed over to a provider. This note "
        "says what that means for you."
    ),
    "notice_read": N_(
        "Seuil reads from our tools which invoices, reminders, entries and hours there are, when they were made and "
        "under which login."
    ),
    "notice_not": N_(
        "It measures the organisation, not persons: nobody is ranked or compared, no decision about anybody is made "
        "by it, and neither reasons of absence nor anybody’s pay are read."
    ),
    "notice_who": N_(
        "Logins are kept under a number. Only the owners can see who is behind one, if they ask, and each look is "
        "written down."
    ),
    "notice_few": N_(
        "Where only one or two people do this work, its figures speak of them all the same, with or without a name."
    ),
    "notice_rights": N_(
        "You may ask to see all that is kept of you, to have it corrected or your name erased, and object to it; turn "
        "to your employer. You may complain to the data protection authority (in France the CNIL)."
    ),
}

LABELS: dict[str, str] = {}
