"""Sentences for programs that use the API."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "bad_fields": N_(
        "fields: names of fields with commas between them (verdict,coverage.signals_known), {most} at most."
    ),
    "body_too_large": N_("A body holds at most {limit} MB."),
    "idempotency_key_in_use": N_("A request with this Idempotency-Key is under way: ask again in a moment."),
    "idempotency_key_reused": N_("This Idempotency-Key was used for another request: take a new one."),
    "idempotency_key_unfit": N_("Idempotency-Key: 1 to {most} printable ASCII characters."),
    "no_such_field": N_("There is no field “{field}” here; fields are {fields}."),
    "answer_changed": N_("There is a newer answer than the one these pages began with: begin again without a cursor."),
    "source_is_handed_over": N_("“{provider}” is handed over, not read: import a file, or push records."),
    "no_such_person": N_("There is nobody of this id here."),
    "portfolio_unknown": N_("{name}: “{value}” is none of {known}."),
    "unknown_parameter": N_("There is no parameter “{name}” here; parameters are {known}."),
    "bad_cursor": N_("This is no cursor of this list: take the one that the page before gave as “next”."),
}

LABELS: dict[str, str] = {}
