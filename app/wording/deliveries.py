"""Words for what was not delivered: letters that came back, addresses that bounced, notices nobody took."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "mail_came_back": N_("It came back: {detail}"),
    "mail_delayed": N_("A mail server on the way has not got rid of it yet and goes on trying: {detail}"),
    "mail_came_back_elsewhere": N_("It came back from where its reader has letters sent on to: {detail}"),
    "recipient_bounced": N_(
        "Letters to {email} come back: say first that the address is good again, then what was held for it goes out."
    ),
    "not_bounced": N_("No letter has come back from {email}."),
    "recipient_bounced_since": N_(
        "NO LETTERS since {day}: the address bounced. {why} Once it is good again: seuil recipient resume {email}"
    ),
    "recipient_vouched": N_("{email} is taken to be good again. Letters held for it, sent at the next tick: {n}."),
    # What a mail that came back did
    "bounce_of_address": N_(
        "The letter to {email} came back, and no more are sent there until you say that the address is good again: "
        "{detail}"
    ),
    "bounce_of_letter": N_(
        "The letter to {email} came back; that says nothing of the address, so the next one goes there: {detail}"
    ),
    "bounce_before_vouched": N_(
        "The letter to {email} came back; it was sent before somebody said that the address is good: {detail}"
    ),
    "bounce_delayed": N_("The letter to {email} is still on its way: {detail}"),
    "bounce_came_back_elsewhere": N_(
        "The letter to {email} came back from {other}, which is not the address it was sent to: only noted. {detail}"
    ),
    "bounce_arrived": N_("A report that the letter to {email} has arrived: nothing to do."),
    "bounce_seen_before": N_("This report about the letter to {email} was read before: nothing to do."),
    "bounce_unknown_letter": N_(
        "A report about {email} that names no letter of ours by its Message-ID: nothing was changed."
    ),
    "bounce_auto_reply": N_("An automatic reply: nothing was changed."),
    "bounce_receipt": N_("A reading receipt: nothing was changed."),
    "bounce_complaint": N_("A complaint about spam, which is not read: nothing was changed."),
    "bounce_other_mail": N_("Not a delivery report: nothing was changed."),
    "bounce_unreadable": N_("A delivery report that can’t be read: nothing was changed."),
    "bounce_too_large": N_("A mail of more than {limit} MB is no delivery report."),
    "bounce_content_type": N_("Send the mail as it came, as message/rfc822, not {type}."),
    "bounces_read": N_(
        "Mails read: {n}. Addresses that bounced: {bounced}, letters that came back otherwise: {returned}, "
        "noted: {noted}, nothing to do: {ignored}."
    ),
    "no_such_delivery": N_("There is no such letter or notice."),
    "no_such_delivery_state": N_("“{value}” is no state of a delivery: {known}."),
    "channel_is_off": N_("{label} is switched off: nothing is told there any more."),
    "delivery_held": N_("Letters to this address come back; it goes out once somebody says that the address is good."),
    "delivery_week": N_("Letter of week {week}, {year}"),
    "letter_held": N_("{email}: held, as letters come back from there; `seuil deliveries` says why."),
    "deliveries_again": N_("Tried again at the next tick: {n}."),
    "deliveries_none": N_("Everything was delivered, or waits for its first try."),
    "doctor_addresses_bounced": N_(
        "letters come back from this many addresses, which get none until you act: {n}; `seuil deliveries` says why"
    ),
    "bounces_none": N_("No mail in {path}."),
}

LABELS: dict[str, str] = {
    "letter_state:bounced": N_("came back"),
    "letter_state:held": N_("held: the address bounced"),
    "letter_kind:source": N_("Letter: a source refuses access"),
    "delivery_state:refused": N_("refused"),
    "delivery_state:given_up": N_("given up"),
    "delivery_state:bounced": N_("came back"),
    "delivery_state:held": N_("held back"),
    "delivery_state:trying": N_("being tried"),
    "delivery_state:noted": N_("sent, with a remark"),
    "delivery_kind:letter": N_("letter"),
    "delivery_kind:notice": N_("notice"),
    "delivery_column:what": N_("What"),
    "delivery_column:to": N_("Recipient"),
    "delivery_column:state": N_("State"),
    "delivery_column:tried": N_("Tried"),
}
