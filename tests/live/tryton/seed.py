"""Filling a Tryton database through Tryton's own client library, as the people of the company would."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from os import environ
from pathlib import Path
from typing import Any

from tests.live.tryton.story import CREDITED, DUNNED, GROUPS, PASSWORDS, PURCHASES, READABLE, SALES, WORK


class Seed:
    """Fills the database through Tryton's own client library, as the people of the company would."""

    def __init__(self, config: Path) -> None:
        """Open the database as its administrator."""
        from proteus import Model, Wizard, config as proteus  # type: ignore[import-not-found] # noqa: PLC0415, I001

        self.model, self.wizard = Model.get, Wizard
        self.path = str(config)
        self.address = f"sqlite:///{config.parent / 'seuil.sqlite'}"
        environ["TRYTOND_DATABASE_URI"] = "sqlite://"
        self.connect = proteus.set_trytond
        self.as_user("admin")

    def as_user(self, login: str) -> None:
        """Go on as somebody."""
        self.config = self.connect(database="seuil", user=login, config_file=self.path)
        preferences = self.model("res.user").get_preferences(True, {})  # noqa: FBT003 - its own way
        self.config._context = preferences  # noqa: SLF001 - as Tryton's own tools do
        self.config.skip_warning = True  # 8.x: nobody is asked about due dates that have passed by now

    def one(self, model: str, *domain: Any) -> Any:
        """Find the one record there is."""
        (found,) = self.model(model).find(list(domain))
        return found

    def company(self) -> None:
        """Set the company up: its chart of accounts, its year, its payment terms."""
        from trytond.modules.account.tests.tools import create_fiscalyear  # type: ignore[import-not-found] # noqa: PLC0415
        from trytond.modules.account_fr.tests.tools import create_chart  # type: ignore[import-not-found] # noqa: PLC0415
        from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences  # type: ignore[import-not-found] # noqa: PLC0415
        from trytond.modules.company.tests.tools import create_company  # type: ignore[import-not-found] # noqa: PLC0415
        from trytond.modules.currency.tests.tools import get_currency  # type: ignore[import-not-found] # noqa: PLC0415

        party = self.model("party.party")(name="Menuiserie Lissac")
        party.save()
        create_company(party=party, currency=get_currency("EUR"))
        self.as_user("admin")
        create_chart(config=self.config)
        year = create_fiscalyear(today=(dt.date(2026, 1, 1), dt.date(2026, 12, 31)))
        set_fiscalyear_invoice_sequences(year).click("create_period")
        term = self.model("account.invoice.payment_term")(name="30 jours")
        term.lines.new(type="remainder").relativedeltas.new(days=30)
        term.save()
        procedure = self.model("account.dunning.procedure")(name="Relances")
        for sequence, days in ((1, 10), (2, 40), (3, 70)):
            procedure.levels.new(sequence=sequence, overdue=dt.timedelta(days))
        procedure.save()
        cash = self.one("account.account", ("code", "=", "5311"))
        journal = self.model("account.journal").find([("type", "=", "cash")])[0]
        self.model("account.invoice.payment.method")(
            name="Virement", journal=journal, credit_account=cash, debit_account=cash
        ).save()

    def people(self) -> None:
        """Add the employees, their logins, and the reader's."""
        company = self.one("company.company")
        employees = {}
        for login, name, since in (
            ("agathe", "Agathe Rolland", dt.date(2018, 4, 3)),
            ("basile", "Basile Marty", dt.date(2022, 9, 1)),
        ):
            party = self.model("party.party")(name=name)
            party.save()
            employees[login] = self.model("company.employee")(party=party, company=company, start_date=since)
            employees[login].save()
        left = self.model("party.party")(name="Colin Esteve")
        left.save()
        self.model("company.employee")(
            party=left, company=company, start_date=dt.date(2020, 1, 6), end_date=dt.date(2025, 6, 30)
        ).save()
        groups = self.model("res.group").find([("name", "in", GROUPS)])
        for login, employee in employees.items():
            self._user(login, groups, employee)
        self._user("seuil", [self._reading()], None)

    def _user(self, login: str, groups: list[Any], employee: Any) -> None:
        user = self.model("res.user")(name=login.title(), login=login, password=PASSWORDS[login])
        company = self.one("company.company")
        if not user.companies:
            user.companies.append(company)
        user.company, user.company_filter = company, "one"
        if employee is not None:
            user.employees.append(employee)
            user.employee = employee
        user.groups.extend(self.model("res.group").find([("id", "in", [group.id for group in groups])]))
        user.save()

    def _reading(self) -> Any:
        group = self.model("res.group")(name="Seuil: reading")
        group.save()
        access = self.model("ir.model.access")
        for name in READABLE:
            is_text = access._fields["model"]["type"] == "char"
            model = name if is_text else self.one("ir.model", ("model", "=", name))
            access(
                model=model, group=group, perm_read=True, perm_write=False, perm_create=False, perm_delete=False
            ).save()
        return group

    def invoices(self) -> None:
        """Post what was sold and bought, in order of days; pay some, credit two."""
        self.as_user("basile")
        sold: list[int] = []
        for day in sorted({*(sale[1] for sale in SALES), *(bought[2] for bought in PURCHASES)}):
            sold += [self._invoice("out", party, day, net).id for party, on, net, _, _ in SALES if on == day]
            for party, reference, on, net in PURCHASES:
                if on == day:
                    self._invoice("in", party, day, net, reference)
        for number, (_, _, _, paid_on, paid) in zip(sold, SALES, strict=True):
            if paid_on:
                self._pay(number, paid_on, Decimal(paid))
        self.as_user("agathe")
        self._credit(sold[4], CREDITED, None)  # the whole of it
        self._credit(sold[6], CREDITED, Decimal(250))
        self._invoice("out", "Cave des Essarts", dt.date(2026, 4, 20), 555, post=False)

    def _party(self, name: str) -> Any:
        known = self.model("party.party").find([("name", "=", name)])
        if known:
            return known[0]
        party = self.model("party.party")(name=name)
        party.dunning_procedure = self.one("account.dunning.procedure")
        party.customer_payment_term = party.supplier_payment_term = self.one(
            "account.invoice.payment_term", ("name", "=", "30 jours")
        )
        party.save()
        return party

    def _invoice(
        self, kind: str, party: str, day: dt.date, net: int, reference: str | None = None, *, post: bool = True
    ) -> Any:
        invoice = self.model("account.invoice")(type=kind)
        invoice.party = self._party(party)
        invoice.payment_term = self.one("account.invoice.payment_term", ("name", "=", "30 jours"))
        invoice.invoice_date, invoice.reference = day, reference
        line = invoice.lines.new()
        line.account = self.one("account.account", ("code", "=", "7011" if kind == "out" else "6071"))
        line.quantity, line.unit_price = 1, Decimal(net)
        line.description = "Menuiserie"
        invoice.save()
        if post:
            self._insist(partial(invoice.click, "post"))
        return invoice

    def _insist(self, act: Callable[[], Any]) -> None:
        """Do something; in 7.0, say yes to what it warns of."""
        from trytond.exceptions import UserWarning as Warned  # type: ignore[import-not-found] # noqa: PLC0415

        while True:
            try:
                act()
            except Warned as warning:
                self.config.get_proxy("res.user.warning").skip(warning.name, self.config.context)
            else:
                return

    def _pay(self, number: int, day: dt.date, amount: Decimal) -> None:
        invoice = self.model("account.invoice")(number)
        pay = self.wizard("account.invoice.pay", [invoice])
        pay.form.amount, pay.form.date = amount, day
        pay.form.payment_method = self.one("account.invoice.payment.method")
        pay.execute("choice")
        if pay.form_state == "ask":
            pay.form.type = "partial"
            pay.execute("pay")

    def _credit(self, number: int, day: dt.date, amount: Decimal | None) -> None:
        invoice = self.model("account.invoice")(number)
        credit = self.wizard("account.invoice.credit", [invoice])
        credit.form.with_refund = amount is None
        if hasattr(credit.form, "invoice_date"):
            credit.form.invoice_date = day
        self._insist(partial(credit.execute, "credit"))
        if amount is not None:
            (note,) = self.model("account.invoice").find([("state", "=", "draft")])
            note.invoice_date = day
            note.lines[0].unit_price = amount
            note.save()
            self._insist(partial(note.click, "post"))

    def remind(self) -> None:
        """Remind customers twice: some are raised to the second level."""
        for day, login in DUNNED:
            self.as_user(login)
            create = self.wizard("account.dunning.create")
            create.form.date = day
            create.execute("create_")
            drafts = self.model("account.dunning").find([("state", "=", "draft")])
            self.wizard("account.dunning.process", drafts).execute("process")

    def time(self) -> None:
        """Keep a few hours of work."""
        self.as_user("admin")
        works = {}
        for name in sorted({work for _, work, _, _ in WORK}):
            works[name] = self.model("timesheet.work")(name=name)
            works[name].save()
        for login, name, day, hours in WORK:
            self.as_user("admin")
            employee = self.one("res.user", ("login", "=", login)).employee
            self.as_user(login)
            self.model("timesheet.line")(
                employee=self.model("company.employee")(employee.id),
                work=self.model("timesheet.work")(works[name].id),
                date=day,
                duration=dt.timedelta(hours=hours),
            ).save()
