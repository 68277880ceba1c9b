"""Consistency checkers, usable alone on histories recorded anywhere. Knows nothing of the simulator."""

from chaoslab.checkers.verdict import Outcome, Verdict, merge

__all__ = ["Outcome", "Verdict", "merge"]
