"""The command line. Heavy libraries are imported by the commands that need them, so that `--help` answers at once."""
# ruff: noqa: PLC0415 - imports inside commands, for the reason above

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.policies import Signed
    from app.start import Started

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Seuil: has the back office passed the threshold?",
)
imports = typer.Typer(no_args_is_help=True, help="Bring in a company's own files.")
companies_app = typer.Typer(no_args_is_help=True, help="Companies.")
demo_app = typer.Typer(no_args_is_help=True, help="The demonstration company.")
account_app = typer.Typer(no_args_is_help=True, help="Who may come in, and as what.")
key_app = typer.Typer(no_args_is_help=True, help="API keys, and the key that seals secrets.")
channel_app = typer.Typer(no_args_is_help=True, help="Where alerts are told at once: webhooks and chats.")
letters_app = typer.Typer(no_args_is_help=True, help="Letters that came back.")
deliveries_app = typer.Typer(help="Letters and notices that did not arrive; without a command, they are listed.")
recipient_app = typer.Typer(no_args_is_help=True, help="Who gets the weekly letter.")
policy_app = typer.Typer(
    no_args_is_help=True, help="A company's settings: limits, budgets, calendar; dated and signed."
)
knock_app = typer.Typer(no_args_is_help=True, help="Webhooks that came, and what became of them.")
app.add_typer(imports, name="import")
app.add_typer(knock_app, name="knock")
app.add_typer(policy_app, name="policy")
app.add_typer(companies_app, name="company")
app.add_typer(demo_app, name="demo")
app.add_typer(key_app, name="key")
app.add_typer(account_app, name="account")
app.add_typer(letters_app, name="letters")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(recipient_app, name="recipient")
app.add_typer(channel_app, name="channel")

RoleOption = Annotated[str, typer.Option("--role", help="owner, finance_lead, viewer or auditor")]
CompanyOption = Annotated[str | None, typer.Option("--company", help="id, SIREN or name of the company")]
DeliveryStateOption = Annotated[
    str | None, typer.Option("--state", help="refused, given_up, bounced, held, trying or noted")
]
LanguageOption = Annotated[str | None, typer.Option("--language", help="fr or en; without it, the terminal's")]
FromOption = Annotated[str | None, typer.Option("--from", help="the day from which on it holds; without it, today")]
ByOption = Annotated[str | None, typer.Option(help="who sets it; without it, the owner")]
BecauseOption = Annotated[str, typer.Option(help="why, in a few words")]


def language() -> str:
    """Give the terminal's language."""
    from app.language import pick_language

    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    return pick_language("en" if spoken in {"C", "POSIX", "C.UTF-8"} else spoken.split(".")[0].replace("_", "-"))


def tell(code: str, **params: str) -> None:
    """Print a sentence in the terminal's language."""
    from app.wording import say

    typer.echo(say(code, params, language()))


def opened(*, with_demo: bool = False) -> "Started":
    """Open the database, made current."""
    from app.clock import utc_now
    from app.logs import set_up_logs
    from app.settings import read_settings
    from app.start import open_seuil

    settings = read_settings()
    set_up_logs(settings.log_level, as_json=settings.log_json)
    started = open_seuil(settings, utc_now(), with_demo=with_demo)
    if started.password and not settings.owner_password:
        tell("owner_password", email=settings.owner_email, password=started.password)
    return started


@app.command()
def serve(
    *, demo: Annotated[bool, typer.Option(help="at first start, load the demonstration company")] = False
) -> None:
    """Serve the pages and the API."""
    import uvicorn

    from app.clock import utc_now
    from app.demo import fill_demo
    from app.main import create_app
    from app.progress import DemoProgress
    from app.settings import read_settings
    from app.start import only_process, take_over

    settings = read_settings()
    with only_process(settings):
        started = opened(with_demo=demo)
        take_over(started.engine, settings, utc_now())
        with DemoProgress(language()) as progress:
            fill_demo(
                started.engine, utc_now(), language=language(), told=progress.saved, looked_back=progress.looked_back
            )
        address = f"http://{settings.host}:{settings.port}"
        tell("served_at", address=address, email=settings.owner_email)
        if not started.is_first:
            tell("password_forgotten")
        uvicorn.run(
            create_app(started.engine, settings, metronome=True),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
        )


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    opened()
    tell("database_current")


@app.command()
def assess(
    company: CompanyOption = None,
    as_of: Annotated[str | None, typer.Option(help="a past day, YYYY-MM-DD")] = None,
    *,
    due: Annotated[bool, typer.Option("--due", help="only what is due, as the schedule does it")] = False,
    json: Annotated[bool, typer.Option("--json", help="print the whole answer as JSON")] = False,
) -> None:
    """Assess a company (or all) and print the verdict."""
    from app.answers import print_answer
    from app.assessment import assess_company
    from app.clock import utc_now
    from app.companies import companies, company_called
    from app.db import read
    from app.errors import BadInput

    if due and as_of:
        raise BadInput("due_has_no_day")
    engine = opened().engine
    if due:
        from app.settings import read_settings
        from app.watch_cli import assess_due

        _end(fine=assess_due(engine, read_settings(), utc_now, company, as_json=json, language=language()))
        return
    with read(engine) as conn:
        rows = [company_called(conn, company)] if company else companies(conn)
    day = _day(as_of)
    for row in rows:
        served = assess_company(engine, str(row["id"]), utc_now(), day)
        if json:
            typer.echo(served.body)
        else:
            print_answer(served.content, language())


@app.command()
def rules(
    on: Annotated[str | None, typer.Option(help="a day, YYYY-MM-DD; without it, today")] = None,
    *,
    markdown: Annotated[bool, typer.Option(help="all of them, as the documentation has it")] = False,
) -> None:
    """Show the legal rules that hold on a day, with their sources."""
    from app.clock import utc_now
    from app.errors import BadInput
    from app.rules_cli import as_markdown, print_rules

    if markdown:
        typer.echo(as_markdown())
        return
    try:
        day = date.fromisoformat(on) if on else utc_now().date()
    except ValueError as error:
        raise BadInput("bad_day", {"value": str(on)}) from error
    print_rules(day, language())


@app.command("replay")
def replay_(
    company: CompanyOption = None,
    first: Annotated[str | None, typer.Option("--from", help="first day, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day, YYYY-MM-DD")] = None,
    every: Annotated[str | None, typer.Option(help="month or week; a dry run takes weeks")] = None,
    known: Annotated[str, typer.Option(help="then, now or both")] = "both",
    sets: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE: a dry run with another setting")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Show past verdicts as known then and now, or what other settings would have raised."""
    from app.clock import local_day, utc_now
    from app.companies import companies, company_called
    from app.db import read
    from app.replay_cli import cut_asked, dry_run, every_asked, replay, settings_asked, span

    changes, step = settings_asked(sets or ()), every_asked(every or ("week" if sets else "month"))
    engine = opened().engine
    with read(engine) as conn:
        rows = [company_called(conn, company)] if company else companies(conn)
    for row in rows:
        days = span(local_day(utc_now(), str(row["zone"])), first, last, step)
        if changes:
            dry_run(engine, row, days, changes, language=language(), as_json=json)
        else:
            replay(engine, row, days, cut_asked(known), language=language(), as_json=json)


def _day(text: str | None) -> date | None:
    from app.clock import utc_now
    from app.errors import BadInput

    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("bad_day", {"value": text}) from error
    if day > utc_now().date():
        raise BadInput("day_in_the_future", {"day": text})
    return day


def _end(*, fine: bool) -> None:
    """End with 1 where something is in trouble."""
    if not fine:
        raise typer.Exit(1)


@app.command()
def sync(
    company: CompanyOption = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="also what is not due")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="show how far each stream comes")] = False,
    believe: Annotated[bool, typer.Option("--believe", help="take it for true that much is gone")] = False,
) -> None:
    """Read the sources that are due now."""
    from app.clock import utc_now
    from app.settings import read_settings
    from app.watch_cli import sync_sources

    engine, asked = opened().engine, {"everything": everything, "follow": follow, "believe": believe}
    _end(fine=sync_sources(engine, read_settings(), utc_now, company, language=language(), **asked))


@app.command("providers")
def providers_(*, markdown: Annotated[bool, typer.Option(help="as the documentation has it")] = False) -> None:
    """Show what can be read from where, and with what evidence."""
    from app.connect_cli import print_providers
    from connectors.providers import providers

    print_providers(providers(), language(), markdown=markdown)


@app.command()
def connect(
    provider: Annotated[str, typer.Argument(help="one of `seuil providers`")],
    company: CompanyOption = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE: an answer that is no secret")] = None,
    secret_files: Annotated[list[str] | None, typer.Option("--secret-file", help="NAME=PATH: a secret")] = None,
    zone: Annotated[str | None, typer.Option(help="time zone of the source; without it, the company's")] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="only try the account that is connected")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="without asking")] = False,
) -> None:
    """Connect an account: ask for it, try it, say what will be read, and save it."""
    from app.clock import utc_now
    from app.connect_cli import Given, check_account, connect_account, provider_named, trials_for
    from app.settings import read_settings
    from connectors.providers import providers

    found, now, spoken = provider_named(providers(), provider), utc_now(), language()
    trials = trials_for(opened().engine, read_settings(), found, company)
    if check:
        _end(fine=check_account(trials, now, spoken))
        return
    given = Given(sets or (), secret_files or (), os.environ)
    _end(fine=connect_account(trials, given, zone, now, spoken, yes=yes))


@app.command()
def send() -> None:
    """Write the letters that are due and send those that wait."""
    from app.clock import utc_now
    from app.letters_cli import send_letters
    from app.settings import read_settings

    _end(fine=send_letters(opened().engine, read_settings(), utc_now, language()))


@app.command()
def digest(
    preview: Annotated[Path, typer.Option("--preview", help="file to write: .eml, .html or .txt")],
    company: CompanyOption = None,
    language_: LanguageOption = None,
) -> None:
    """Write to a file what a letter would say now; nobody gets it."""
    from app.clock import utc_now
    from app.letters_cli import preview_letter
    from app.settings import read_settings

    spoken = language()
    preview_letter(
        opened().engine, read_settings(), preview, company, utc_now(), spoken=spoken, language=language_ or spoken
    )


@app.command()
def doctor() -> None:
    """Check what Seuil needs to do its work, and say what to do where it lacks."""
    from app.clock import utc_now
    from app.settings import read_settings
    from app.watch_cli import print_checks

    _end(fine=print_checks(read_settings(), utc_now(), language()))


@app.command()
def declare(
    file: Annotated[Path, typer.Argument(help="YAML file; `seuil declare --example` prints one")] = Path("-"),
    company: CompanyOption = None,
    *,
    example: Annotated[bool, typer.Option("--example", help="print an example and stop")] = False,
) -> None:
    """Keep a dated, signed declaration: hours, who does what, documentation, tools, prices, roles."""
    from app.clock import local_day, utc_now
    from app.db import read, write
    from app.declarations import parse_yaml, save_declaration
    from app.example import EXAMPLE
    from app.imports_cli import company_for, print_verdict

    if example:
        typer.echo(EXAMPLE)
        return
    text = sys.stdin.read() if str(file) == "-" else _read(file)
    engine = opened().engine
    with read(engine) as conn:
        row = company_for(conn, company)
    now = utc_now()
    body = parse_yaml(text, local_day(now, str(row["zone"])))
    with write(engine) as conn:
        save_declaration(conn, str(row["id"]), body, now)
    print_verdict(engine, str(row["id"]), language())
    tell("declaration_kept", company=str(row["name"]), day=body["stated_on"], by=body["signed_by"])


@policy_app.command("show")
def policy_show(
    company: CompanyOption = None,
    as_of: Annotated[str | None, typer.Option(help="a day, YYYY-MM-DD")] = None,
    *,
    markdown: Annotated[bool, typer.Option(help="as a table of Markdown")] = False,
) -> None:
    """Print every setting: its value, unit, where it comes from, who changed it and why."""
    from app.policy_cli import show_policy

    show_policy(opened().engine, company, as_of, _signed(None, ""), language(), markdown=markdown)


@policy_app.command("set")
def policy_set(
    settings: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE…", help="`closure=2026-08-03..2026-08-21`, `holidays=FR-57` likewise"),
    ],
    company: CompanyOption = None,
    first: FromOption = None,
    by: ByOption = None,
    because: BecauseOption = "",
    *,
    dry_run: Annotated[
        bool, typer.Option(help="keep nothing; tell what it would have raised in the past year")
    ] = False,
) -> None:
    """Change settings from a day on, and assess anew."""
    from app.policy_cli import set_policy, try_policy

    if dry_run:
        try_policy(opened().engine, company, settings, _signed(by, because), language())
        return
    set_policy(opened().engine, company, settings, first, _signed(by, because), language())


@policy_app.command("reset")
def policy_reset(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="`closure` is all closures")],
    company: CompanyOption = None,
    first: FromOption = None,
    by: ByOption = None,
    because: BecauseOption = "",
) -> None:
    """Put settings back to their defaults from a day on, and assess anew."""
    from app.policy_cli import reset_policy

    reset_policy(opened().engine, company, names, first, _signed(by, because), language())


@policy_app.command("history")
def policy_history(company: CompanyOption = None) -> None:
    """Print what was set, when, by whom and why, newest first."""
    from app.policy_cli import show_history

    show_history(opened().engine, company, _signed(None, ""), language())


def _signed(by: str | None, because: str) -> "Signed":
    from app.clock import utc_now
    from app.policies import Signed
    from app.settings import read_settings

    return Signed(by or read_settings().owner_email, utc_now(), because)


def _read(file: Path) -> str:
    from app.errors import BadInput

    if not file.is_file():
        raise BadInput("file_missing", {"path": str(file)})
    return file.read_text(encoding="utf-8")


@imports.command("fec")
def import_fec(
    files: Annotated[list[Path], typer.Argument(help="ledger exports, several years at once")],
    company: CompanyOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="remove entries that are gone without asking")] = False,
) -> None:
    """Import French ledger exports (FEC) and print the tie-out."""
    from app.imports_cli import import_fec_files

    import_fec_files(opened().engine, files, company, language=language(), yes=yes)


@imports.command("rates")
def import_rates(
    files: Annotated[list[Path], typer.Argument(help="eurofxref-hist.zip or eurofxref.csv, as the ECB publishes them")],
) -> None:
    """Import exchange rates: the European Central Bank's reference rates."""
    from app.rates_cli import import_rate_files

    _end(fine=import_rate_files(opened().engine, files, language()))


@imports.command("csv")
def import_csv(
    given: Annotated[
        list[str],
        typer.Argument(metavar="[STREAM] FILE", help="what it lists (to be mapped: may be left out), and the file"),
    ],
    company: CompanyOption = None,
    mapping: Annotated[
        Path | None, typer.Option(help="read by a mapping kept in a JSON file; with --map, kept there")
    ] = None,
    sheet: Annotated[str, typer.Option(help="of a workbook; without it, the one that looks like a table")] = "",
    *,
    walk: Annotated[
        bool, typer.Option("--map", help="say which column is what, and see the rows before they are kept")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be read, and keep nothing")] = False,
) -> None:
    """Import a list, CSV or Excel: one of our templates, or an export of any tool once it is mapped."""
    from app.errors import BadInput
    from app.imports_cli import import_csv_file
    from app.mapping_cli import Asked

    if len(given) > 2:  # noqa: PLR2004 - a stream and a file
        raise BadInput("file_missing", {"path": given[2]})
    stream = given[0] if len(given) > 1 else ""
    mapped = walk or dry_run or mapping is not None or bool(sheet)
    asked = Asked(sheet=sheet, mapping=mapping, walk=walk, dry_run=dry_run) if mapped else None
    import_csv_file(opened().engine, stream, Path(given[-1]), company, language=language(), options=asked)


@app.command()
def template(
    stream: Annotated[str, typer.Argument(help="invoices, payments, reminders, activities, deliveries, staff…")],
) -> None:
    """Print a CSV template with two example rows."""
    from app.imports_cli import csv_stream
    from connectors.files.csv_templates import template_text

    sys.stdout.buffer.write(template_text(csv_stream(stream)).encode())


@companies_app.command("add")
def company_add(
    name: str,
    siren: Annotated[str | None, typer.Option(help="nine digits")] = None,
    year_end: Annotated[int, typer.Option(help="month in which the fiscal year closes", min=1, max=12)] = 12,
) -> None:
    """Add a company."""
    from app.clock import utc_now
    from app.companies import add_company
    from app.db import write
    from app.settings import read_settings

    engine = opened().engine
    with write(engine) as conn:
        company_id = add_company(
            conn, name, utc_now(), siren=siren, zone=read_settings().zone, fiscal_year_end_month=year_end
        )
    typer.echo(f"{name}: {company_id}")


@companies_app.command("list")
def company_list() -> None:
    """List the companies."""
    from app.companies import companies
    from app.db import read
    from app.wording import label

    engine = opened().engine
    with read(engine) as conn:
        for row in companies(conn):
            badge = f"  [{label('provider', 'demo', language())}]" if row["is_demo"] else ""
            typer.echo(f"{row['id']}  {row['siren'] or '-':9}  {row['name']}{badge}")


@companies_app.command("remove")
def company_remove(
    company: Annotated[str, typer.Argument(help="id, SIREN or name")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="without asking")] = False,
) -> None:
    """Remove a company and everything that belongs to it, for good."""
    from app.accounts_cli import at_the_machine
    from app.audit import Entry, write_entry
    from app.clock import utc_now
    from app.companies import company_called, remove_company
    from app.db import read, write
    from app.wording import say

    engine = opened().engine
    with read(engine) as conn:
        row = company_called(conn, company)
    if not yes:
        typer.confirm(say("remove_company", {"company": row["name"]}, language()), abort=True)
    with write(engine) as conn:
        remove_company(conn, str(row["id"]))
        told = Entry(who=at_the_machine(), what="companies/remove", company_id=str(row["id"]), note=str(row["name"]))
        write_entry(conn, told, utc_now())
    tell("company_removed", company=str(row["name"]))


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    *,
    step: Annotated[bool, typer.Option("--step", help="let a week go by, and tell what happened")] = False,
    weeks: Annotated[int | None, typer.Option(help="let that many weeks go by", min=1, max=520)] = None,
) -> None:
    """Load the demonstration company, let its weeks go by, or remove it."""
    if context.invoked_subcommand is not None:
        return
    if not step and weeks is None:
        typer.echo(context.get_help())
        return
    from app.clock import utc_now
    from app.demo_steps import step_week, week_lines
    from app.settings import read_settings

    settings, engine, spoken = read_settings(), opened().engine, language()
    _load_demo(engine)
    for _ in range(weeks or 1):
        week = step_week(engine, settings, utc_now(), language=spoken)
        for line in week_lines(week, spoken):
            typer.echo(line)
    address = f"{settings.base_url}/companies/{week.company_id}"
    if week.letters:
        tell("demo_read_letter", address=f"{address}/mail/{week.letters[0].id}")
    tell("demo_read_letters", address=f"{address}/mail")
    tell("demo_read_on", address=address)


@demo_app.command("load")
def demo_load() -> None:
    """Load the demonstration company."""
    tell("demo_loaded" if _load_demo(opened().engine) else "demo_there")


def _load_demo(engine: "Engine") -> bool:
    from app.clock import utc_now
    from app.db import write
    from app.demo import add_demo, fill_demo
    from app.progress import DemoProgress
    from app.settings import read_settings

    now, spoken = utc_now(), language()
    with write(engine) as conn:
        add_demo(conn, now, read_settings().zone)
    with DemoProgress(spoken) as progress:
        return fill_demo(engine, now, language=spoken, told=progress.saved, looked_back=progress.looked_back)


@demo_app.command("remove")
def demo_remove() -> None:
    """Remove the demonstration company and everything of it."""
    from app.demo import remove_demo

    removed = remove_demo(opened().engine)
    tell("demo_gone" if removed else "no_demo")


@key_app.command("add")
def key_add(
    name: str,
    company: CompanyOption = None,
    scope: Annotated[str, typer.Option(help="read, push or write")] = "write",
    days: Annotated[int, typer.Option(min=0, help="how long it is good; 0: for ever")] = 0,
) -> None:
    """Make an API key, for one company or all, and print it once."""
    from app.accounts_cli import print_key
    from app.clock import utc_now

    print_key(opened().engine, name, company, scope, days=days, now=utc_now())


@account_app.command("list")
def account_list() -> None:
    """List who may come in, and as what."""
    from app.accounts_cli import print_accounts

    print_accounts(opened().engine, language())


@account_app.command("invite")
def account_invite(email: str, role: RoleOption = "viewer", company: CompanyOption = None) -> None:
    """Invite somebody to a company, or to all; the link is mailed, and printed."""
    from app.accounts_cli import invite_one
    from app.clock import utc_now
    from app.settings import read_settings

    invite_one(opened().engine, read_settings(), email, role, company, now=utc_now(), spoken=language())


@account_app.command("role")
def account_role(email: str, role: RoleOption = "viewer", company: CompanyOption = None) -> None:
    """Give an account a role in a company, or in all."""
    from app.accounts_cli import set_role
    from app.clock import utc_now

    set_role(opened().engine, email, role, company, now=utc_now(), spoken=language())


@account_app.command("remove")
def account_remove(email: str, company: CompanyOption = None) -> None:
    """Take an account's role in a company, or in all; without any role left it is removed."""
    from app.accounts_cli import set_role
    from app.clock import utc_now

    set_role(opened().engine, email, None, company, now=utc_now(), spoken=language())


@account_app.command("unlock")
def account_unlock(email: str) -> None:
    """Let somebody try again who failed too often."""
    from app.accounts_cli import end_lock

    end_lock(opened().engine, email, language())


@key_app.command("rotate")
def key_rotate() -> None:
    """Seal what opens the accounts under a new key."""
    from app.connect_cli import print_rotation
    from app.settings import read_settings

    print_rotation(opened().engine, read_settings(), language())


@channel_app.command("add")
def channel_add(
    kind: Annotated[str, typer.Argument(help="webhook, or apprise")],
    address: Annotated[str, typer.Argument(help="https://…, or an Apprise address (slack://…, ntfys://…)")],
    company: CompanyOption = None,
    label: Annotated[str, typer.Option(help="what to call it")] = "",
    into: Annotated[str, typer.Option("--in", help="language of the messages, fr or en")] = "fr",
) -> None:
    """Have a company's alerts told somewhere from now on; a webhook's secret is shown once."""
    from app.channels import Asked
    from app.channels_cli import add
    from app.settings import read_settings

    started = opened()
    add(started.engine, read_settings(), company, Asked(kind, address, label, into), language())


@channel_app.command("list")
def channel_list(company: CompanyOption = None) -> None:
    """List where a company's alerts are told, and the last notices."""
    from app.channels_cli import print_channels

    print_channels(opened().engine, company, language())


@channel_app.command("test")
def channel_test(channel: str, company: CompanyOption = None) -> None:
    """Tell a channel, by its name or id, that alerts will be told there."""
    from app.channels_cli import test
    from app.settings import read_settings

    started = opened()
    test(started.engine, read_settings(), company, channel, language())


@channel_app.command("remove")
def channel_remove(channel: str, company: CompanyOption = None) -> None:
    """Tell a channel, by its name or id, nothing more."""
    from app.channels_cli import remove

    remove(opened().engine, company, channel, language())


@knock_app.command("list")
def knock_list(
    company: CompanyOption = None,
    state: Annotated[str | None, typer.Option(help="waiting, applied, skipped or failed")] = None,
    first: Annotated[str | None, typer.Option("--from", help="first day, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day, YYYY-MM-DD")] = None,
) -> None:
    """Print the newest webhooks and what became of each, and why."""
    from app.knocks_cli import list_knocks

    list_knocks(opened().engine, company, state, (first, last), language())


@knock_app.command("replay")
def knock_replay(
    number: Annotated[int | None, typer.Argument(help="one webhook, by its number")] = None,
    company: CompanyOption = None,
    first: Annotated[str | None, typer.Option("--from", help="those that failed from this day on")] = None,
    last: Annotated[str | None, typer.Option("--to", help="those that failed up to this day")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="all that failed")] = False,
) -> None:
    """Have webhooks tried again at the next tick."""
    from app.clock import utc_now
    from app.knocks_cli import replay_knocks

    engine = opened().engine
    replay_knocks(engine, company, number, (first, last), utc_now(), language(), everything=everything)


@recipient_app.command("add")
def recipient_add(
    email: str,
    company: CompanyOption = None,
    language_: LanguageOption = None,
    zone: Annotated[str | None, typer.Option(help="time zone; without it, the company's")] = None,
) -> None:
    """Have somebody get the weekly letter about a company."""
    from app.clock import utc_now
    from app.letters_cli import add_reader

    spoken, now = language(), utc_now()
    add_reader(opened().engine, email, company, now, spoken=spoken, language=language_ or spoken, zone=zone)


@recipient_app.command("set")
def recipient_set(  # noqa: PLR0913 - what may be chosen
    email: str,
    company: CompanyOption = None,
    letters: Annotated[str | None, typer.Option(help="weekly, monthly or none")] = None,
    at_once: Annotated[str | None, typer.Option(help="none, action or all")] = None,
    signal: Annotated[list[str] | None, typer.Option(help="a signal they want to hear of; once each")] = None,
    quiet: Annotated[str | None, typer.Option(help="no mails at once between two times: 19:00-08:00")] = None,
    place: Annotated[str | None, typer.Option(help="whose public holidays count: FR, FR-57, none")] = None,
    *,
    escalations: Annotated[bool | None, typer.Option(help="what nobody has acknowledged in time")] = None,
    quiet_days: Annotated[bool | None, typer.Option(help="nor on days that are not worked")] = None,
) -> None:
    """Choose what somebody is told, of a company or of all they read about; what is not given stays."""
    from app.letters_cli import set_reader

    begins, _, ends = (quiet or "").partition("-")
    times = {"quiet_from": begins, "quiet_until": ends} if quiet is not None else {}
    wanted = {"letters": letters, "at_once": at_once, "escalations": escalations}
    wanted["signals"] = tuple(signal) if signal else None  # type: ignore[assignment]
    set_reader(opened().engine, email, company, language(), wanted, times | {"quiet_days": quiet_days, "place": place})


@recipient_app.command("list")
def recipient_list(company: CompanyOption = None) -> None:
    """List who gets letters."""
    from app.letters_cli import print_readers

    print_readers(opened().engine, company, language())


@recipient_app.command("remove")
def recipient_remove(email: str, company: CompanyOption = None) -> None:
    """Have somebody get no more letters, about a company or about all."""
    from app.letters_cli import remove_reader

    remove_reader(opened().engine, email, company, language())


@recipient_app.command("resume")
def recipient_resume(email: str) -> None:
    """Send letters again to an address that bounced, with what was held for it."""
    from app.clock import utc_now
    from app.deliveries_cli import vouch_for

    vouch_for(opened().engine, email, utc_now(), language())


@letters_app.command("bounce")
def letters_bounce(
    path: Annotated[Path, typer.Argument(help="a mail, an mbox or a Maildir; `-` reads one mail from a pipe")],
) -> None:
    """Read mails that came back, and send no more to addresses that are gone."""
    from app.clock import utc_now
    from app.deliveries_cli import take_files, take_piped

    if str(path) == "-":
        take_piped(lambda: opened().engine, utc_now(), language())
    else:
        take_files(opened().engine, path, utc_now(), language())


@deliveries_app.callback(invoke_without_command=True)
def deliveries(context: typer.Context, company: CompanyOption = None, state: DeliveryStateOption = None) -> None:
    """Print the letters and notices that did not arrive, newest first, and why."""
    if context.invoked_subcommand is not None:
        return
    from app.deliveries_cli import print_deliveries
    from app.settings import read_settings

    print_deliveries(opened().engine, company, state, read_settings(), language())


@deliveries_app.command("again")
def deliveries_again(
    which: Annotated[str, typer.Argument(metavar="ID|all", help="one by its number, or all")],
    company: CompanyOption = None,
    state: DeliveryStateOption = None,
) -> None:
    """Have a letter or notice tried again at the next tick, or all: of a state, of a company."""
    from app.clock import utc_now
    from app.deliveries_cli import try_deliveries

    try_deliveries(opened().engine, which, company, state, utc_now(), language())


@app.command()
def password(
    email: Annotated[str | None, typer.Option(help="whose; without it, the first owner's")] = None,
) -> None:
    """Set a new password for the owner, or for somebody else, and end their sign-ins."""
    import secrets

    from app.access import set_password
    from app.db import write
    from app.settings import read_settings

    email = email or read_settings().owner_email
    engine = opened().engine
    new = secrets.token_urlsafe(12)
    with write(engine) as conn:
        done = set_password(conn, email, new)
    tell("new_password" if done else "no_account", email=email, password=new)


def main() -> None:
    """Run the command line; what a person can act on is said in one line."""
    from app.errors import SeuilError
    from connectors.errors import NotThisFormat

    try:
        app()
    except (SeuilError, NotThisFormat) as error:
        from app.wording import say

        typer.secho(say(error.code, error.params, language()), err=True, fg="red")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
