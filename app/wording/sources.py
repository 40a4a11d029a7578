"""What troubles a source, in sentences that say what to do about it."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "bad_month": N_("“{month}” is not a month such as 2026-03."),
    "no_such_direction": N_("“{direction}” is neither sales nor purchases."),
    "no_such_provider": N_("There is no provider “{provider}”."),
    "right_missing": N_("The account lacks a right: {right}. Grant it at the source, then read again."),
    "access_refused": N_("{host} refuses the account (answer {status}): check what it is opened with."),
    "moved_elsewhere": N_("{host} sends us on to {to}. Seuil follows no one to another address: correct it."),
    "address_unreadable": N_("“{address}” is not an address such as https://example.com."),
    "address_not_https": N_("{host} is asked without https. The operator may allow it by SEUIL_PRIVATE_HOSTS."),
    "address_private": N_("{host} is in a private network. The operator may allow it by SEUIL_PRIVATE_HOSTS."),
    "asked_to_wait": N_("{host} asks for some patience; Seuil reads on as soon as it may."),
    "answered_badly": N_("{host} answered {status}; Seuil tries again."),
    "answer_too_large": N_("{host} gave an answer that is too large to be read."),
    "timed_out": N_("{host} took too long to answer; Seuil tries again."),
    "unreachable": N_("{host} cannot be reached ({error}); Seuil tries again."),
    "too_many_redirects": N_("{host} sends us round in circles."),
    "not_json": N_("The source answered with something else than data (“{start}”); Seuil tries again."),
    "much_is_gone": N_(
        "{gone} of {of} records ({stream}) are no longer at the source. Seuil does not believe it: an account "
        "that lost a right looks the same. If it is true, say so with “seuil sync --believe”."
    ),
}

LABELS: dict[str, str] = {
    "provider:caldav": N_("CalDAV calendar"),
    "provider:dolibarr": N_("Dolibarr"),
    "provider:pennylane": N_("Pennylane"),
    "provider:personio": N_("Personio"),
    "provider:tryton": N_("Tryton"),
    "direction:sale": N_("sales"),
    "direction:purchase": N_("purchases"),
    "stream:deliveries": N_("deliveries and work to bill"),
    "evidence:direct": N_("the event itself"),
    "evidence:proxy": N_("something that stands for it"),
}
