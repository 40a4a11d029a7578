"""Which Seuil this is."""

VERSION = "0.1.0"
