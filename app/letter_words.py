"""From a letter's content, codes and numbers, to what it says in its reader's language."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.letter_alerts import news_counts, news_text
from app.letter_at_once import at_once_subject, at_once_view
from app.letter_company import company_part
from app.letter_fresh import stopped_text
from app.letter_view import AT_ONCE, STOPPED, Body, LetterView, Words
from app.wording.marker import N_

MOST_PICTURES = 12  # in a whole letter: a quarter of a megabyte
MOST_WHOLE = 3  # companies told with all their figures: mail programs cut off after 100 kB


def letter_view(content: Body, *, email: str, base_url: str, unsubscribe_url: str) -> LetterView:
    """Word a letter."""
    words = Words(content["language"])
    if content.get("kind") == "source":
        return _source_view(content, words, email, base_url, unsubscribe_url)
    if content.get("kind") == AT_ONCE:
        return at_once_view(content, words, email=email, base_url=base_url, unsubscribe_url=unsubscribe_url)
    if content.get("kind") == STOPPED:
        return _stopped_view(content, words, email, base_url, unsubscribe_url)
    companies = content["companies"]
    parts, left, whole = [], MOST_PICTURES, 0
    for company in companies:
        alone = len(companies) == 1
        part = company_part(company, base_url, words, pictures=left, alone=alone, whole=whole < MOST_WHOLE)
        left -= len(part.pictures)
        whole += bool(part.signals)
        parts.append(part)
    return LetterView(
        language=words.language,
        subject=subject_of(content),
        headline=_headline(companies, words),
        preheader=_preheader(companies, words),
        written=_written(content, words),
        companies=tuple(parts),
        why_you=words.say("letter_why_you", email=email),
        base_url=base_url,
        unsubscribe_url=unsubscribe_url,
        pictures=tuple(picture for part in parts for picture in part.pictures),
    )


def _source_view(content: Body, words: Words, email: str, base_url: str, unsubscribe_url: str) -> LetterView:
    """Word the letter that asks a person to act: what is wrong, and where to mend it."""
    source = content["source"]
    why = words.say(source["code"], **source["params"])
    there = datetime.fromisoformat(content["written_at"]).astimezone(ZoneInfo(content["zone"])).date()
    return LetterView(
        language=words.language,
        subject=subject_of(content),
        headline=words.say("letter_source", company=source["company"], why=why),
        preheader=why,
        written=words.day(there),
        companies=(),
        why_you=words.say("letter_why_you", email=email),
        base_url=f"{base_url}/companies/{source['company_id']}/connections",
        unsubscribe_url=unsubscribe_url,
        pictures=(),
    )


def _stopped_view(content: Body, words: Words, email: str, base_url: str, unsubscribe_url: str) -> LetterView:
    """Word the mail that says Seuil stood still: since when, and whether it runs again."""
    return LetterView(
        language=words.language,
        subject=subject_of(content),
        headline=words.say(f"letter_{_stand(content)}", **_stood_still(content, words)),
        preheader=words.say("letter_stopped_means"),
        written=_moment(content["written_at"], content["zone"], words),
        companies=(),
        why_you=words.say("letter_why_stopped", email=email),
        base_url=base_url,
        unsubscribe_url=unsubscribe_url,
        pictures=(),
        stop=words.say("letter_stop_at_once"),
    )


def _stand(content: Body) -> str:
    return "stopped" if content["until"] is None else "ran_again"


def _stood_still(content: Body, words: Words) -> dict[str, str]:
    ends = {"since": content["since"], "until": content["until"] or content["written_at"]}
    return {name: _moment(at, content["zone"], words) for name, at in ends.items()}


def _moment(at: str, zone: str, words: Words) -> str:
    there = datetime.fromisoformat(at).astimezone(ZoneInfo(zone))
    return f"{words.day(there.date())}, {there:%H:%M}"


def subject_of(content: Body) -> str:
    """Give the line a letter is found by: what counts, in a few words."""
    words, companies = Words(content["language"]), content["companies"]
    if content.get("kind") == "source":
        source = content["source"]
        provider = words.label("provider", source["provider"])
        return one_line(words.say("letter_source_subject", company=source["company"], provider=provider))
    if content.get("kind") == AT_ONCE:
        return one_line(at_once_subject(content, words))
    if content.get("kind") == STOPPED:
        return one_line(words.say(f"letter_{_stand(content)}_subject", **_stood_still(content, words)))
    if not companies:  # all were taken out since it was written
        return one_line(words.say("letter_subject_none"))
    line = _subject_of_one(companies[0], words) if len(companies) == 1 else _subject_of_many(companies, words)
    if all(company["is_demo"] for company in companies):
        line = words.say("letter_subject_demo", line=line)
    return one_line(line)


def one_line(text: str) -> str:
    """Make a text fit for a header: no line break, no control character, single spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _subject_of_one(company: Body, words: Words) -> str:
    name, status = company["name"], company["status"]
    if status == "stale":
        return words.say("letter_subject_stale", company=name, stopped=stopped_text(company, words))
    if status == "error":
        return words.say("letter_subject_error", company=name)
    if status == "nothing" or company["verdict"]["now"] is None:
        return words.say("letter_subject_nothing", company=name)
    now, before = company["verdict"]["now"], company["verdict"]["before"]
    params = {"company": name, "verdict": _small(words.label("verdict", now)), "news": news_text([company], words)}
    if before in (None, now):
        return words.say("letter_subject", **params)
    return words.say("letter_subject_moved", **params, before=_small(words.label("verdict", before)))


def _subject_of_many(companies: Sequence[Body], words: Words) -> str:
    counted = [company for company in companies if not company["is_demo"]] or list(companies)
    if len(counted) == 1:
        return _subject_of_one(counted[0], words)
    standing = [company["verdict"]["now"] for company in counted if company["status"] == "normal"]
    statuses = [company["status"] for company in counted]
    counts = {
        "outsource": standing.count("outsource"),
        "stale": statuses.count("stale"),
        "error": statuses.count("error"),
        "prepare": standing.count("prepare"),
        "nothing": statuses.count("nothing"),
    }
    parts = [words.say(f"letter_many_{name}", n=n) for name, n in counts.items() if n]
    news = news_counts(counted)
    parts += [news_text(counted, words)] if any(news.values()) or not parts else []
    return words.say("letter_subject_many", n=len(counted), parts=", ".join(parts))


def _headline(companies: Sequence[Body], words: Words) -> str:
    """Sum several companies up; one speaks for itself."""
    if not companies:
        return words.say("letter_subject_none")
    return _subject_of_many(companies, words) if len(companies) > 1 else ""


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _preheader(companies: Sequence[Body], words: Words) -> str:
    """Say what a mail program shows beside the subject: what is new, where the subject speaks of something else."""
    if not companies:
        return words.say("letter_subject_none")
    if len(companies) == 1 and companies[0]["status"] == "stale":
        return words.say("letter_stale_head")
    return news_text(companies, words)


def _written(content: Body, words: Words) -> str:
    week = words.text(N_("week {number}, {year}")).format(number=int(content["period"][6:]), year=content["period"][:4])
    there = datetime.fromisoformat(content["written_at"]).astimezone(ZoneInfo(content["zone"])).date()
    return words.say("letter_of", week=week, on=words.day(there))
