"""CalDAV: hours of back-office work that somebody keeps in a calendar (Nextcloud, iCloud, Fastmail, Radicale…)."""

from connectors.caldav.connector import PROVIDER, CalDav

__all__ = ["PROVIDER", "CalDav"]
