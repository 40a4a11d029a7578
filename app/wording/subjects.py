"""What an episode is about, in the reader's language: a signal, a verdict, a source, the assessment itself."""

from app.wording import label

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
