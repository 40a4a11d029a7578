"""Words for channels: where alerts are told at once, and what became of each notice."""

from app.wording.marker import N_

LABELS: dict[str, str] = {
    "channel:webhook": N_("signed webhook"),
    "channel:apprise": N_("chat or other service"),
    "notice_state:waiting": N_("waiting"),
    "notice_state:sending": N_("being sent"),
    "notice_state:sent": N_("taken"),
    "notice_state:refused": N_("not taken"),
}

SENTENCES: dict[str, str] = {
    "demo_channel": N_("The demonstration tells no channel: what is made up should reach nobody."),
    "unknown_channel": N_("There is no kind of channel “{kind}”; there are {kinds}."),
    "channel_unreadable": N_("“{address}” is no address that alerts can be told at."),
    "no_such_channel": N_("There is no such channel."),
    "channel_added": N_("{company}: alerts are told to {label} from now on."),
    "channel_secret": N_("It is signed with this secret, shown this once: {secret}"),
    "channel_removed": N_("{label} is told nothing more."),
    "no_channels": N_("No channel: alerts are told in the letters and on the pages only."),
    "channel_off": N_("switched off"),
    "channel_gone": N_("The other side says it is gone (410)."),
    "channel_address": N_("The address may not be asked: {detail}."),
    "channel_unreachable": N_("Nobody answers there: {detail}."),
    "channel_answered": N_("It answered {detail}."),
    "channel_not_taken": N_("The service did not take it; its address or its token may be wrong."),
    "channel_fault": N_("Something went wrong here: {detail}."),
    "channel_tried": N_("{label}: taken."),
    "channel_test": N_("A trial by {who}: alerts will be told here."),
}
