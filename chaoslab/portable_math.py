"""exp, log and the normal quantile from the four basic operations, so that they agree on every machine.

The last digit of ``math.exp`` and ``math.log`` belongs to the platform's C library. A run whose delays came from
there could differ between two machines by one nanosecond, once in a blue moon, and would then differ altogether.
IEEE 754 pins +, -, *, / and sqrt to the bit, and Python performs them one by one: what is built on them is portable.

Accuracy: relative error below 1e-14, which is more than a simulated delay needs. Speed: about a microsecond, so hot
paths tabulate.
"""

from __future__ import annotations

import math

__all__ = ["exp", "log", "normal_quantile"]

_LN2 = 0.6931471805599453
_ODD_INVERSES = tuple(1.0 / odd for odd in range(25, 0, -2))
_SQRT_HALF = 0.7071067811865476


def exp(x: float) -> float:
    """Return e to the power of *x*, for *x* from about -700 to 700."""
    power = round(x / _LN2)
    rest = x - power * _LN2
    total = 1.0
    for term in range(18, 0, -1):
        total = 1.0 + total * rest / term
    return math.ldexp(total, power)


def log(x: float) -> float:
    """Return the natural logarithm of *x*, which is above zero."""
    mantissa, power = math.frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, power = mantissa * 2.0, power - 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    total = 0.0
    for inverse in _ODD_INVERSES:
        total = total * square + inverse
    return 2.0 * s * total + power * _LN2


def normal_quantile(p: float) -> float:
    """Return the x below which a standard normal variable stays with probability *p*, for 0 < p < 1.

    Source: P. J. Acklam's rational approximation (relative error 1.15e-9); far finer than a delay needs.
    """
    if p < 0.02425:
        return _normal_tail(math.sqrt(-2.0 * log(p)))
    if p > 1.0 - 0.02425:
        return -_normal_tail(math.sqrt(-2.0 * log(1.0 - p)))
    q = p - 0.5
    r = q * q
    above = (
        ((((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r
          + 1.383577518672690e02) * r - 3.066479806614716e01) * r + 2.506628277459239e00
    ) * q  # fmt: skip
    below = (
        (((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
         + 6.680131188771972e01) * r - 1.328068155288572e01
    ) * r + 1.0  # fmt: skip
    return above / below


def _normal_tail(q: float) -> float:
    above = (
        (((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e00) * q
         - 2.549732539343734e00) * q + 4.374664141464968e00
    ) * q + 2.938163982698783e00  # fmt: skip
    below = (
        ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e00) * q
        + 3.754408661907416e00
    ) * q + 1.0  # fmt: skip
    return above / below
