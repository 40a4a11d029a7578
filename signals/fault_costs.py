"""What being late and being wrong cost a month: money that comes in later, and the time that mending takes.

Lateness (K52): an invoice billed after its deadline brings its money in that much later, and money costs so much a
year. Only our own lateness; what customers then take is theirs. Errors: so many minutes each; whoever mends them does
it in hours that are counted already, so that their cost is a part of those and never added to them.
"""

import numpy as np

from signals.books import Books
from signals.calendar import day_number, months_of
from signals.costs import Group, Known, hourly_rate
from signals.late_invoicing import dated_issues, issue_deadlines
from signals.policy import Policy
from signals.quality import telling

DAYS_A_YEAR = 365
MINUTES = 60


def lateness_by_month(books: Books, policy: Policy) -> dict[int, Known]:
    """Give what late billing cost by the month of issue, in EUR: amount times days late times `capital_rate`.

    Months of the documents kept; a month whose invoices were all in time cost nothing. Empty where no source says in
    earnest when the work was done. What was never billed at all is not in it.
    """
    rows = books["documents"]
    rows = rows[(rows["direction"] == "sale") & (rows["kind"] == "invoice") & rows["direct"]]
    issues = books["issue_days"]
    dated, _ = dated_issues(issues[issues["issued_day"] <= day_number(books.as_of)])
    rows = rows[rows["service_day"].notna() & rows["connection_id"].isin(dated["connection_id"].unique())]
    if rows.empty:
        return {}
    service, issued = (rows[c].to_numpy(dtype="float64") for c in ("service_day", "issued_day"))
    total = rows["value_minor"].where(rows["foreign"], rows["total_minor"]).to_numpy(dtype="float64")
    late = np.maximum(issued - issue_deadlines(service, rows["periodic"].to_numpy(), policy), 0.0)
    months = months_of(issued).astype("int64")
    base = months.min()
    euro_days = np.bincount(months - base, np.nan_to_num(late * total) / 100)
    yearly = euro_days / DAYS_A_YEAR
    return {
        int(base) + i: Known(amount * policy.capital_rate_low, amount * policy.capital_rate_high, "default")
        for i, amount in enumerate(yearly.tolist())
    }


def errors_by_month(books: Books, policy: Policy) -> dict[int, Known]:
    """Give what mending errors cost by the month they showed, in EUR: minutes each at the administrative rate.

    A part of the time already counted. Months without an error are left out.
    """
    rows = books["corrections"]
    rows = telling(rows[rows["n"] > 0], np.iinfo("int64").max)
    rows = rows[rows["corrected_day"].notna()]
    if rows.empty:
        return {}
    each = Known(policy.error_minutes_low / MINUTES, policy.error_minutes_high / MINUTES, "default")
    cost = each.times(hourly_rate(books.declaration(policy.declared_valid_days), policy, Group.ADMIN))
    months = months_of(rows["corrected_day"].to_numpy(dtype="float64")).astype("int64")
    base = months.min()
    counts = np.bincount(months - base, rows["n"].to_numpy(dtype="float64")).tolist()
    return {int(base) + i: Known(n * cost.low, n * cost.high, cost.tag) for i, n in enumerate(counts) if n}
