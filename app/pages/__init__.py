"""The pages: one router a room, gathered for the application."""

from app.pages import (
    alerts,
    companies,
    company,
    connect,
    connections,
    declarations,
    door,
    imports,
    keys,
    letters,
    list_templates,
    mapping,
    people,
    policy,
    signals,
    sources,
    unsubscribe,
    work,
)

ROUTERS = (
    door.router,
    companies.router,  # `/companies/new` before `/companies/{company_id}`
    company.router,
    signals.router,
    alerts.router,
    connections.router,
    connect.router,
    sources.router,
    letters.router,
    declarations.router,
    people.router,
    policy.router,
    imports.router,
    list_templates.router,
    mapping.router,
    work.router,
    keys.router,
    unsubscribe.router,
)
