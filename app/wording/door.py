"""Sentences and names of webhooks."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "knock_header_missing": N_("The webhook has no header {header}."),
    "knock_id_unusable": N_("The webhook's event id is longer than 255 characters, or holds unprintable ones."),
    "knock_time_unusable": N_("The webhook's timestamp is not a number of seconds since 1970."),
    "knock_too_old": N_(
        "The webhook was sent more than {minutes} minutes ago: it may have been recorded and replayed."
    ),
    "knock_too_early": N_(
        "The webhook was sent more than {minutes} minutes in the future: one of the clocks is wrong."
    ),
    "knock_not_signed": N_("The webhook has no signature of version {version}."),
    "knock_signature_wrong": N_("The webhook's signature does not match: another secret, or the body was changed."),
    "knock_too_large": N_("The webhook's body is larger than {limit} KB."),
    "knock_cut_off": N_("The webhook's body did not arrive whole in time."),
    "knock_not_kept": N_("The webhook could not be kept; send it again later."),
    "no_such_door": N_("There is no webhook at this address."),
    "door_closed": N_("This webhook has been switched off; stop sending."),
    "door_has_no_secret": N_("This connection has no webhook secret yet; make one first."),
    "door_secret_unusable": N_(
        "This is not a webhook secret: whsec_ and 24 to 64 bytes, or whpk_ and 32 bytes, in base64."
    ),
}

LABELS: dict[str, str] = {}
