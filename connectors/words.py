"""Which work is back-office work: by words in the title of an event, a task or a project, each for a process."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.errors import AccessDenied
from connectors.records import Process

DEFAULT_WORDS = (
    "facture* fournisseur*=purchases, note* de frais=purchases, supplier invoice*=purchases, expense*=purchases, "
    "relanc*=dunning, recouvrement*=dunning, impaye*=dunning, dunning=dunning, payment reminder*=dunning, "
    "factur*=invoicing, invoic*=invoicing, billing=invoicing, "
    "banque*=bank, bancaire*=bank, rapprochement*=bank, virement*=bank, bank=bank, banking=bank, "
    "paie=payroll, paye=payroll, paies=payroll, salaire*=payroll, payroll=payroll, "
    "urssaf=tax, tva=tax, dsn=tax, impot*=tax, vat=tax, tax=tax, taxes=tax, "
    "tableau* de bord=reporting, bilan comptable=reporting, reporting=reporting, "
    "compta*=documents, administrati*=documents, admin=documents, paperasse*=documents, classement=documents, "
    "accounting=documents, bookkeeping=documents, paperwork=documents"
)
"""What counts where nobody says otherwise; the first word that is found decides."""

_BETWEEN = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class AdminWords:
    """Words in the order in which they are tried, each with its process."""

    words: tuple[tuple[re.Pattern[str], Process], ...]

    def process_of(self, texts: Iterable[str]) -> Process | None:
        """Give the process of the first text in which a word is found, or None."""
        for text in map(plain, texts):
            for pattern, process in self.words:
                if pattern.search(text):
                    return process
        return None


def read_words(said: str) -> AdminWords:
    """Read `word=process, other word, begin*=process`; AccessDenied where a process is none.

    A word without a process takes the one that it has by default, else the keeping of documents.
    """
    return AdminWords(tuple(map(_read_word, parts_of(said))))


def parts_of(said: str) -> list[str]:
    """Take apart what a person listed: by commas, semicolons or lines."""
    return [part.strip() for part in _BETWEEN.split(said) if part.strip()]


def plain(text: str) -> str:
    """Write a text without accents and capitals."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()


def _read_word(said: str) -> tuple[re.Pattern[str], Process]:
    word, _, named = (part.strip() for part in said.partition("="))
    if not word.strip("* ") or (named and named not in set(Process)):
        params = {"word": said[:60], "known": ", ".join(Process)}
        raise AccessDenied(code="word_unreadable", params=params)
    process = Process(named) if named else _usual().process_of([word]) or Process.DOCUMENTS
    return _pattern(word), process


def _usual() -> AdminWords:
    return read_words(DEFAULT_WORDS)  # each of them says its process: there is no end to come to


def _pattern(word: str) -> re.Pattern[str]:
    """Match whole words; a star stands for the rest of one."""
    parts = [re.escape(part).replace(r"\*", r"\w*") for part in plain(word).split()]
    return re.compile(r"(?<!\w)" + r"\s+".join(parts) + r"(?!\w)")
