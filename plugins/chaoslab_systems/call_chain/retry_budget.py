"""A budget for retries: requests pay in, retries pay out, so that retries never are more than a share of all calls.

Beyer et al., "Site Reliability Engineering" (2016), chapter 21, "Handling overload": a per-client retry budget of one
in ten. Written as a token bucket.
"""

from __future__ import annotations

__all__ = ["RetryBudget"]


class RetryBudget:
    """Tokens for retries.

    Attributes:
        SHARE: What one request pays in.
        MOST: How much is saved up at most.
        tokens: How much there is; a retry takes one.
    """

    SHARE = 0.1
    MOST = 5.0

    def __init__(self) -> None:
        self.tokens = self.MOST

    def pay_in(self) -> None:
        """Note a request."""
        self.tokens = min(self.MOST, self.tokens + self.SHARE)

    def pay_out(self) -> bool:
        """Take what one retry costs, and return whether there was enough."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
