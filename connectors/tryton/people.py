"""Who is who in Tryton: users by number, and the logins that employees use."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.records import Employee
from connectors.tryton.fields import day, ids, inner, needed, text, whole
from connectors.tryton.rpc import Row, Rpc

USER_FIELDS = ("login", "employee", "employees")
EMPLOYEE_FIELDS = ("party.name", "start_date", "end_date")
_ROOT = 0


@dataclass(frozen=True, slots=True)
class People:
    """The logins of users, and of employees who have one."""

    users: Mapping[int, str]
    employees: Mapping[int, str]

    def login(self, user: int | None) -> str | None:
        """Give a user's login; the server itself and one that is no longer listed go by their number."""
        if user is None:
            return None
        return "root" if user == _ROOT else self.users.get(user, f"user:{user}")

    def employee_login(self, employee: int | None) -> str | None:
        """Give the login that an employee uses, else the employee's own number."""
        return None if employee is None else self.employees.get(employee, f"employee:{employee}")


def find_people(rpc: Rpc) -> People:
    """Ask for all users; where several may act as an employee, the first whose own it is counts."""
    users: dict[int, str] = {}
    own: dict[int, str] = {}
    allowed: dict[int, str] = {}
    for rows in rpc.read_all("res.user", [], USER_FIELDS):
        for row in rows:
            number, login, employee = whole(row), text(row, "login"), whole(row, "employee")
            if number is None or login is None:
                continue
            users[number] = login
            if employee is not None:
                own.setdefault(employee, login)
            for each in ids(row, "employees"):
                allowed.setdefault(each, login)
    return People(users, allowed | own)


def read_employee(row: Row, people: People) -> Employee:
    """Read an employee; what they earn is never asked for."""
    number = needed(row, "id", whole)
    return Employee(
        external_id=str(number),
        actor=people.employee_login(number),
        name=text(inner(row, "party"), "name"),
        entered_on=day(row, "start_date"),
        left_on=day(row, "end_date"),
    )
