"""Words for the past: verdicts as known then and now, and a dry run of other settings."""

from app.wording.marker import N_

LABELS: dict[str, str] = {}

SENTENCES: dict[str, str] = {
    "replay_working": N_("Looking back"),
    "replay_nothing": N_("nothing was known yet"),
    "replay_rebuilt": N_("* computed from the rows as they stood then; the others are the answers kept from that day."),
    "replay_unexplained": N_(
        "No record, setting or statement changed: roles have been edited since, or Seuil computes otherwise."
    ),
    "learnt_later": N_("{stream}: {n} learnt later"),
    "changed_since": N_("{stream}: {n} changed since"),
    "gone_since": N_("{stream}: {n} gone since"),
    "settings_since": N_("Settings changed since, for that day: {names}"),
    "declared_since": N_("Statements made since, about that day: {n}"),
    "dry_run_before": N_("With the settings in force, {n} alerts:"),
    "dry_run_after": N_("With these settings, it would have fired {n} times:"),
    "dry_run_still": N_("still open"),
    "dry_run_lasted": N_("closed after {days} days, on {day}"),
    "span_backwards": N_("The first day, {first}, is after the last, {last}."),
    "span_too_long": N_("{n} looks are more than {most}: choose a shorter time, or months."),
    "setting_without_value": N_("“{value}” is no setting: write NAME=VALUE."),
    "every_unknown": N_("“{value}”: say month or week."),
    "known_unknown": N_("“{value}”: say then, now or both."),
}
