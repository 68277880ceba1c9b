"""exp, log and the normal quantile, built from the basic operations."""

from __future__ import annotations

import math
from statistics import NormalDist

from hypothesis import given
from hypothesis import strategies as st

from chaoslab.portable_math import exp, log, normal_quantile


@given(st.floats(-300, 300))
def test_exp_agrees_with_the_platform(x: float) -> None:
    """The relative error stays below 1e-13."""
    assert math.isclose(exp(x), math.exp(x), rel_tol=1e-13)


@given(st.floats(1e-12, 1e12))
def test_log_agrees_with_the_platform(x: float) -> None:
    """The error stays below 1e-13, relative or, near 1, absolute."""
    assert math.isclose(log(x), math.log(x), rel_tol=1e-13, abs_tol=1e-13)


@given(st.floats(1e-9, 1 - 1e-9))
def test_the_normal_quantile_agrees_with_the_standard_library(p: float) -> None:
    """The error stays below a millionth of a standard deviation."""
    assert abs(normal_quantile(p) - NormalDist().inv_cdf(p)) < 1e-6


def test_results_are_pinned_to_the_bit() -> None:
    """These bits are the same on every machine, or a recording means something else there."""
    assert [exp(1.5).hex(), log(1.5).hex(), normal_quantile(0.9).hex()] == [
        "0x1.1ed3fe64fc542p+2",
        "0x1.9f323ecbf984cp-2",
        "0x1.4813c3681e9f4p+0",
    ]
