"""What an episode is about, in the reader's language: a signal, a verdict, a source, the assessment itself."""

from app.wording import label, say

VERDICT, SOURCE = "verdict:", "source:"


def subject_label(subject: str, language: str) -> str:
    """Name the subject of an episode."""
    if subject.startswith(VERDICT):
        name = label("verdict", subject.removeprefix(VERDICT), language)
        return label("subject", "verdict", language).format(name=name)
    if subject.startswith(SOURCE):
        name = label("provider", subject.removeprefix(SOURCE), language)
        return label("subject", "source", language).format(name=name)
    if subject == "assessment":
        return label("subject", "assessment", language)
    return label("signal", subject, language)


def next_step(subject: str, language: str) -> str:
    """Say what somebody can do about what an episode is of; empty where nothing is to be done."""
    head, _, name = subject.partition(":")
    if head == "verdict":
        return say(f"next_{name}", {}, language) if name in {"outsource", "prepare"} else ""
    return say(f"next_{head}", {}, language)
