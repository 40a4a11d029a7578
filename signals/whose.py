"""Whose lateness: the explaining measures of late invoicing, ours and the customers' kept apart.

Ours are lateness a different back office would mend. The customers' show how they pay; a slow payer billed and
reminded in time is no reason to change anything in our office.
"""

from signals.base import Detector
from signals.dso import CountBackDso
from signals.issuing import BillingLag, SendingLag
from signals.receivables import AtRisk, BestPossibleDso, CollectionEffectiveness, DaysDelinquent, OverdueRatio
from signals.reminding import FirstReminder, ReminderGaps
from signals.time_to_pay import DaysVersusDue, PaidOnTime, TimeToPay
from signals.unbilled import Unbilled

OURS: tuple[Detector, ...] = (BillingLag(), SendingLag(), Unbilled(), FirstReminder(), ReminderGaps())

CUSTOMERS: tuple[Detector, ...] = (
    TimeToPay(),
    PaidOnTime(),
    DaysVersusDue(),
    OverdueRatio(),
    AtRisk(),
    CountBackDso(),
    BestPossibleDso(),
    DaysDelinquent(),
    CollectionEffectiveness(),
)
