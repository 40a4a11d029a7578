"""Languages: which one a reader wants, its texts, and its way of writing numbers and dates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations

LANGUAGES = ("fr", "en")
LOCALES = Path(__file__).parent / "locales"
_REGIONS = {"fr": "fr_FR", "en": "en_GB"}
_CENT_BELOW = 1000  # euros; above, cents are noise on a page


@cache
def catalog(language: str) -> Translations:
    """Read a language's texts; English is the language they are written in."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Translations()
    with path.open("rb") as stream:
        texts = read_po(stream, locale=language)
    compiled = BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return Translations(compiled)


def translator(language: str) -> Callable[[str], str]:
    """Give the function that turns an English text into a language's."""
    texts = catalog(language)
    return lambda text: str(texts.gettext(text)) if text else ""


def pick_language(accepted: str, chosen: str | None = None) -> str:
    """Choose: what the reader set, else the first of Accept-Language that we speak, else French."""
    if chosen in LANGUAGES:
        return str(chosen)
    wanted = [part.split(";")[0].strip().split("-")[0] for part in accepted.split(",")]
    return negotiate_locale([w for w in wanted if w], LANGUAGES) or LANGUAGES[0]


@lru_cache(maxsize=4096)  # a page of records writes hundreds of days, most of them again and again
def _short_day(day: date, language: str) -> str:
    return format_date(day, format="dd/MM/yyyy", locale=_locale_of(language))


@cache
def _locale_of(language: str) -> Locale:
    return Locale.parse(_REGIONS[language])


@dataclass(frozen=True, slots=True)
class Formats:
    """How a language writes numbers, money and days."""

    language: str
    currency: str = "EUR"

    @property
    def _locale(self) -> Locale:
        return _locale_of(self.language)

    def number(self, value: float, digits: int = 1) -> str:
        """Write a number with at most some digits after the comma."""
        pattern = "#,##0" + ("." + "#" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self._locale)

    def percent(self, share: float) -> str:
        """Write a share of 1 as a percentage."""
        digits = "#,##0.# %" if self.language == "fr" else "#,##0.#%"
        return format_percent(share, format=digits.replace(" ", "\u202f"), locale=self._locale)

    def money(self, amount: float) -> str:
        """Write an amount in major units; cents only below a thousand."""
        whole = abs(amount) >= _CENT_BELOW or float(amount).is_integer()
        pattern = "#,##0 ¤" if self.language == "fr" else "¤#,##0"
        if not whole:
            pattern = pattern.replace("##0", "##0.00")
        return format_currency(amount, self.currency, format=pattern, locale=self._locale, currency_digits=False)

    def minor(self, amount_minor: int) -> str:
        """Write an amount in minor units, to the cent."""
        pattern = "#,##0.00 ¤" if self.language == "fr" else "¤#,##0.00"
        return format_currency(amount_minor / 100, self.currency, format=pattern, locale=self._locale)

    def day(self, day: date | str) -> str:
        """Write a day: 31/12/2026."""
        return _short_day(date.fromisoformat(day) if isinstance(day, str) else day, self.language)

    def long_day(self, day: date | str) -> str:
        """Write a day out: 31 décembre 2026."""
        value = date.fromisoformat(day) if isinstance(day, str) else day
        first = "d'er' MMMM yyyy" if self.language == "fr" and value.day == 1 else "d MMMM yyyy"
        return format_date(value, format=first, locale=self._locale)

    def month(self, month: str) -> str:
        """Write a month given as YYYY-MM: déc. 2026."""
        return format_date(date.fromisoformat(f"{month}-01"), format="MMM yyyy", locale=self._locale)

    def value(self, value: float | None, unit: str) -> str:
        """Write a measure's value in its unit; a dash where there is none."""
        if value is None:
            return "–"
        if unit in {"share", "share_per_year"}:
            return self.percent(value)
        if unit in {"eur", "eur_per_month"}:
            return self.money(value)
        return self.number(value, 2 if unit in {"ratio", "fte"} else 1)
