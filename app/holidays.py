"""The calendar of closed days: public holidays of mainland France."""

from datetime import date
from functools import cache

import holidays as known_holidays


@cache
def french_holidays(first_year: int, last_year: int) -> frozenset[date]:
    """Give the public holidays of the years from first to last."""
    return frozenset(known_holidays.country_holidays("FR", years=range(first_year, last_year + 1)).keys())
