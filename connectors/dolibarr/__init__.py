"""Dolibarr 16 to 22: invoices, payments, reminders, who did what, staff, and hours on back-office tasks."""

from connectors.dolibarr.connector import PROVIDER, Dolibarr

__all__ = ["PROVIDER", "Dolibarr"]
