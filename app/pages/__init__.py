"""The pages: one router a room, gathered for the application."""

from app.pages import (
    companies,
    company,
    declarations,
    door,
    imports,
    keys,
    list_templates,
    people,
    signals,
    work,
)

ROUTERS = (
    door.router,
    companies.router,  # `/companies/new` before `/companies/{company_id}`
    company.router,
    signals.router,
    declarations.router,
    people.router,
    imports.router,
    list_templates.router,
    work.router,
    keys.router,
)
