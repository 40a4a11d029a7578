"""Names for the demonstration, all made up: of people, customers and suppliers."""

_GIVEN = (
    "Alix", "Basile", "Capucine", "Denis", "Élodie", "Fabrice", "Gaëlle", "Hugo", "Inès", "Joris", "Karine", "Lucien",
    "Maëlle", "Nicolas", "Odile", "Perrine", "Quentin", "Romane", "Sylvain", "Tiphaine", "Ulysse", "Violette",
    "Xavier", "Yvonne",
)  # fmt: skip
_FAMILY = (
    "Aubrin", "Bellegarde", "Carrouze", "Delmasse", "Esnault", "Fontanel", "Garrigat", "Houlbert", "Izarn",
    "Jouvencel", "Kermaden", "Lavergnolle", "Marchadour", "Noirel", "Ormesson", "Pradeilles", "Quenard", "Rouvière",
    "Sauvanet", "Tournemille", "Urvoas", "Vauquelin", "Wattrel", "Yvelin", "Zellenberg",
)  # fmt: skip
_TRADES = (
    "Menuiserie", "Garage", "Librairie", "Traiteur", "Imprimerie", "Pépinière", "Clinique", "Hôtellerie",
    "Fromagerie", "Verrerie",
)  # fmt: skip
_SUPPLIES = ("Fournitures", "Transports", "Énergie", "Papeterie", "Locations", "Télécoms", "Nettoyage", "Outillage")


def person_name(n: int) -> str:
    """Make up the n-th person's name; the first 600 differ."""
    return f"{_GIVEN[n % len(_GIVEN)]} {_FAMILY[n * 7 % len(_FAMILY)]}"


def customer_name(n: int) -> str:
    """Make up the n-th customer's name; the first 250 differ."""
    return f"{_TRADES[n % len(_TRADES)]} {_FAMILY[n // len(_TRADES) % len(_FAMILY)]}"


def supplier_name(n: int) -> str:
    """Make up the n-th supplier's name; the first 200 differ."""
    return f"{_SUPPLIES[n % len(_SUPPLIES)]} {_FAMILY[(n % len(_SUPPLIES) * 3 + n // len(_SUPPLIES)) % len(_FAMILY)]}"
