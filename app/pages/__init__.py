"""The pages: one router a room, gathered for the application."""

from app.pages import companies, company, declarations, door, imports, keys, list_templates, people, signals, work

ROUTERS = tuple(room.router for room in (door, companies, company, signals, declarations, people, imports, list_templates, work, keys))
"""`/companies/new` has to come before `/companies/{company_id}`."""
