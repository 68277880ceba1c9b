"""Consistency checkers, usable alone on histories recorded anywhere. Knows nothing of the simulator.

::

    from chaoslab.checkers import check, ladder
    from chaoslab.history import read_history
    from chaoslab.models import MODELS

    history = read_history("history.jsonl")
    found = ladder(history, MODELS["register"])
    print(found.strongest)
    if found.broken is not None:
        print(found.broken.level, found.broken.anomaly, found.broken.summary)

    (verdict,) = check(history, model=MODELS["register"], levels=["linearizable"])
    assert verdict.outcome in ("valid", "invalid", "unknown")
"""

from chaoslab.checkers.verdict import Outcome, Verdict, merge  # isort: skip  (the others need it)
from chaoslab.checkers.ladder import Ladder, ladder
from chaoslab.checkers.registry import LEVELS, Level, check, levels_of

__all__ = ["LEVELS", "Ladder", "Level", "Outcome", "Verdict", "check", "ladder", "levels_of", "merge"]
