"""Words for logins: where a role comes from, what a login may be, and who has several."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "role_by_person": N_("said by a person"),
    "role_by_source": N_("said by a source"),
    "login_named_desk": N_("may be shared: it is called like a desk, not like somebody"),
    "login_named_program": N_("may be a program: it is called like one"),
    "login_long_days": N_("may be shared: active on many days for longer than one person can be"),
    "login_like_program": N_("may be a program: active in bursts, at night, or to the minute"),
    "one_login_twice": N_("Choose two different logins."),
    "login_of_no_one": N_(
        "A shared login, a program or an outside accountant is nobody of the staff: change its role first."
    ),
}

LABELS: dict[str, str] = {
    "audit:people/same": N_("said that two logins are one person"),
    "audit:people/apart": N_("took a person’s logins apart"),
}
