"""The pages: one router a room, gathered for the application."""

from app.pages import companies, company, declarations, door, imports, keys, people, signals, work

ROUTERS = tuple(room.router for room in (door, companies, company, signals, declarations, people, imports, work, keys))
"""`/companies/new` has to come before `/companies/{company_id}`."""
