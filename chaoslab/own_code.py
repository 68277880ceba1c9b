"""Whose code a file is: people's own, a library's, or the machinery around them.

This file knows nothing else of ChaosLab.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Final

__all__ = ["function_of", "is_machinery", "is_own", "place_now", "place_of", "without_machinery"]

_PACKAGE: Final = os.path.dirname(os.path.abspath(__file__)) + os.sep  # noqa: PTH100, PTH120 - paths here are hot
_LIBRARY: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120


def is_machinery(file: str) -> bool:
    """Return whether *file* is of ChaosLab or Trio."""
    return file.startswith(_PACKAGE) or f"{os.sep}trio{os.sep}" in file


def is_own(file: str) -> bool:
    """Return whether the code in *file* is people's own, and not of ChaosLab, a library or Python."""
    return not file.startswith((_PACKAGE, _LIBRARY, "<")) and f"{os.sep}site-packages{os.sep}" not in file


def place_of(error: BaseException) -> str:
    """Return the innermost line of people's own code that *error* went through: ``" at store.py:12"``, or ``""``."""
    own = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [place for place in own if is_own(place[0])]
    return _in_words(*own[-1]) if own else ""


def function_of(error: BaseException) -> str:
    """Return the innermost function of people's own code that *error* went through: ``" in serve"``, or ``""``.

    Unlike a line it is the same after an edit elsewhere.
    """
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__) if is_own(frame.f_code.co_filename)]
    return f" in {codes[-1].co_qualname}" if codes else ""


def place_now() -> str:
    """Return the innermost line of people's own code on the stack, as in ``" at store.py:12"``, or ``""``."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            return _in_words(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def without_machinery(told: traceback.TracebackException) -> None:
    """Take the frames of ChaosLab and Trio out of *told*, unless there are no others."""
    own = [frame for frame in told.stack if not is_machinery(frame.filename)]
    if own:
        told.stack = traceback.StackSummary.from_list(own)


def _in_words(file: str, line: int) -> str:
    return f" at {os.path.basename(file)}:{line}"  # noqa: PTH119
