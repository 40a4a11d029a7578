"""Words for the regime: how a company's volume moves, and why handing work over would help, or not."""

from app.wording.marker import N_

LABELS: dict[str, str] = {
    "face:regime": N_("Growth regime"),
    "regime_helps:rapid_growth": N_(
        "Volume grows faster than people are hired and trained: a provider can take the increase at once."
    ),
    "regime_helps:high_steady": N_(
        "Much work of one kind, month after month: what is standardised and priced most easily."
    ),
    "regime_helps:seasonal": N_(
        "A fixed team is too small for the peaks and too large for the troughs: a provider can be paid by volume."
    ),
    "regime_helps:declining": N_("Volume falls: a price by document follows it, a fixed one does not."),
    "regime:too_small": N_("too small"),
    "regime:unstable": N_("unstable"),
    "regime:seasonal": N_("seasonal"),
    "regime:rapid_growth": N_("rapid growth"),
    "regime:declining": N_("declining"),
    "regime:high_steady": N_("high and steady"),
    "regime:steady": N_("steady"),
    "regime:undetermined": N_("undetermined"),
}

MEASURES: dict[str, tuple[str, str]] = {
    "trend_growth": (
        N_("Growth by the trend"),
        N_("Change of monthly documents a year, season and a jump of the level apart."),
    ),
    "peak_to_trough": (
        N_("Peak over trough"),
        N_("The year’s busiest month over its quietest, by the season alone."),
    ),
    "typical_documents": (
        N_("Typical documents"),
        N_("Documents expected a month over the last twelve, odd months counted for less."),
    ),
    "sales_per_month": (
        N_("Sale documents"),
        N_("Customer invoices and credit notes a month, over the last twelve."),
    ),
    "purchases_per_month": (
        N_("Purchase documents"),
        N_("Supplier invoices and credit notes a month, over the last twelve."),
    ),
}

SENTENCES: dict[str, str] = {
    "regime_too_small": N_("Too small: about {level} documents a month, under {limit} (probability {chance_share})."),
    "regime_unstable": N_(
        "Unstable: months spread by {spread} beyond trend, season and chance, above {limit} (probability "
        "{chance_share})."
    ),
    "regime_seasonal": N_(
        "Seasonal: the busiest month is {swing} times the quietest, above {limit} (probability {chance_share})."
    ),
    "regime_rapid_growth": N_("Rapid growth: {growth_share} a year, above {limit_share} (probability {chance_share})."),
    "regime_declining": N_("Declining: {growth_share} a year, below {limit_share} (probability {chance_share})."),
    "regime_high_steady": N_(
        "High and steady: about {level} documents a month, {limit} or more (probability {chance_share})."
    ),
    "regime_steady": N_("Steady: about {level} documents a month (probability {chance_share})."),
    "regime_one_year": N_(
        "Volume moves (probability {chance_share}), but it takes {needed} months to tell growth, a season "
        "and instability apart."
    ),
    "regime_unclear": N_(
        "Between “{regime}” ({first_share}) and “{other_regime}” ({second_share}): neither reaches {limit_share}."
    ),
    "regime_level_disputed": N_(
        "The mean of twelve months is {documents} documents a month, the typical month about {typical}: a "
        "few odd months put them on either side of {limit}."
    ),
    "spread_or_season": N_("Part of this spread may be a season: {months} months can’t rule it out."),
    "growth_beside": N_("Volume also grows fast: {growth_share} a year ({low_share} to {high_share})."),
    "decline_beside": N_("Volume also declines: {growth_share} a year ({low_share} to {high_share})."),
    "season_beside": N_("There is also a season: the busiest month is {swing} times the quietest."),
    "level_jump": N_(
        "The level changed once, around {day}: {change_share} ({low_share} to {high_share}). That is not "
        "counted as growth."
    ),
    "odd_months": N_("Months far from the others, which count for less: {n}."),
    "stability_uncertain": N_(
        "Spread is about {value} over {months} months: above {limit} with a probability of {chance_share}, "
        "too little to decide."
    ),
}
