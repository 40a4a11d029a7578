"""The beta distribution: its cumulative share and its quantiles, without scipy.

Continued fraction by Lentz's method as modified by Thompson & Barnett (1986); the fraction and its choice of side are
those of Press et al., "Numerical Recipes" (2007), §6.4. Beta posteriors of a rate: Jeffreys (1946).
"""

from math import exp, lgamma, log, log1p

TINY = 1e-300  # keeps Lentz's quotients from dividing by zero
ACCURACY = 1e-15
STEPS = 10_000  # of the fraction: about the root of the larger parameter is needed, so millions of trials will do
HALVINGS = 200


def beta_share(x: float, a: float, b: float) -> float:
    """Give the share of Beta(a, b) below x, the regularised incomplete beta function; a and b above 0.

    Raises ValueError for an a or b of 0 or less, and ArithmeticError if the fraction does not settle.
    """
    if a <= 0 or b <= 0:
        raise ValueError("both parameters of a beta distribution are above 0")
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):  # the fraction settles fast on this side of the mean
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def beta_quantile(share: float, a: float, b: float) -> float:
    """Give the x below which that share of Beta(a, b) lies; share from 0 to 1.

    Newton's steps, by bisection where they leave the bracket or hardly move it.
    """
    if not 0 <= share <= 1:
        raise ValueError("a share lies between 0 and 1")
    if share in {0, 1}:
        return float(share)
    low, high, x = 0.0, 1.0, min(a / (a + b), 1 - ACCURACY)
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    for _ in range(HALVINGS):
        excess = beta_share(x, a, b) - share
        low, high = (x, high) if excess < 0 else (low, x)
        step = excess / exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x))
        if abs(step) <= ACCURACY * x:
            break
        x = x - step if low < x - step < high else (low + high) / 2
        if x in {low, high}:  # neighbours: no number in between
            break
    return x


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + term * d)
            c = _away_from_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < ACCURACY:
            return value
    raise ArithmeticError("the continued fraction of the beta distribution did not settle")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
