"""Sentences and names of CalDAV."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "caldav_none_found": N_(
        "No calendar was found at {host}: give the CalDAV address that the calendar’s settings show, and its user."
    ),
    "caldav_calendar_missing": N_("The account has no calendar “{calendar}”: correct its name, or share it with it."),
    "word_unreadable": N_("“{word}” is not understood: write word=process. Processes are {known}."),
    "caldav_unreadable": N_("{host} gave an answer that is not CalDAV; Seuil tries again."),
    "caldav_too_many": N_("{host} leaves out events, for there are too many; Seuil tries again."),
    "caldav_event_unreadable": N_("The event cannot be read ({error})."),
    "caldav_ends_before_start": N_("The event ends before it begins."),
    "caldav_too_often": N_("The event comes back every hour or more often: it is not counted."),
    "caldav_event_mended": N_("The event can be read again."),
}

LABELS: dict[str, str] = {
    "ask:address": N_("Address"),
    "ask:user": N_("User"),
    "ask:password": N_("Password"),
    "ask:actor": N_("Whose calendar it is"),
    "ask:admin_words": N_("Words of back-office work"),
    "ask:calendars": N_("Only these calendars"),
    "ask_help:caldav:address": N_(
        "The CalDAV address, such as https://cloud.example.com/remote.php/dav; that of one calendar reads it alone."
    ),
    "ask_help:caldav:user": N_("The user that opens the calendar."),
    "ask_help:caldav:password": N_("An app password, made in the account’s security settings."),
    "ask_help:caldav:actor": N_(
        "The login this person has in your other tools, so that their hours are those of one person. Say on the page "
        "of people that they are a director."
    ),
    "ask_help:caldav:admin_words": N_(
        "An event counts where its title or a category has one of these words. Separated by commas; * stands for the "
        "rest of a word; word=process says what it is for. Titles are not kept."
    ),
    "ask_help:caldav:calendars": N_("Their names, separated by commas; left empty, all of the account are read."),
}
