"""What all tests share: how many examples Hypothesis tries, and that it tries the same ones every time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_NO_TIME_LIMITS = (HealthCheck.too_slow,)

settings.register_profile(
    "ci", max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=_NO_TIME_LIMITS
)
settings.register_profile("thorough", max_examples=20_000, deadline=None, suppress_health_check=_NO_TIME_LIMITS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
