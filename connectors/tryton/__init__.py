"""Tryton (7.0 and 8.x): invoices, payments, dunning, employees, timesheets, and who did what to which document."""

from connectors.tryton.connector import PROVIDER, Tryton

__all__ = ["PROVIDER", "Tryton"]
