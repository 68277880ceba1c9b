"""One operation of a client, from its invocation to what is known of its end.

Rules:

1. ``ok`` means it happened and gave a result; ``fail`` that it did not happen and taught nothing; ``info``
   that nobody knows: it may take effect at any time after its invocation, or never.
2. "Refused" (a compare-and-set whose expected value was different) is an ``ok`` with a false result: an observation.
3. Real-time order is the order of event indices, never of timestamps: many simulated events share a time.

This file knows nothing of how operations are recorded, stored or judged.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import attrs

__all__ = ["COMPLETIONS", "NEMESIS", "Completion", "Event", "EventType", "Operation"]

EventType = Literal["invoke", "ok", "fail", "info"]
Completion = Literal["ok", "fail", "info"]
COMPLETIONS: Final = ("ok", "fail", "info")

NEMESIS: Final = "nemesis"
"""The process name under which faults are noted in a history."""


@attrs.frozen(kw_only=True)
class Event:
    """One line of a history.

    Attributes:
        index: Position in the history, from 0; the global order of events.
        time_ns: When it was recorded, in nanoseconds (virtual time for simulated runs).
        process: The logical client, or ``"nemesis"``.
        type: ``invoke``, ``ok``, ``fail`` or ``info``.
        f: The operation's name, such as ``"read"``.
        key: The key it is about, or None where the object is one.
        value: At the invocation the argument; at the completion what was observed or written.
        result: A further result, such as whether a compare-and-set took place.
        node: The node that served it, if known.
        error: Why it failed or is unknown, if so.
        due_ns: When an invocation should have taken place, if its client was busy then.
    """

    index: int
    time_ns: int
    process: int | str
    type: EventType
    f: str
    key: Any = None
    value: Any = None
    result: Any = None
    node: str | None = None
    error: str | None = None
    due_ns: int | None = None


@attrs.frozen(kw_only=True)
class Operation:
    """An invocation together with its completion.

    Attributes:
        process: The logical client that called it.
        f: The operation's name, such as ``"write"``.
        key: The key it is about, or None.
        argument: The value given at the invocation.
        type: ``ok``, ``fail`` or ``info``; still open at the end of the history counts as ``info``.
        value: The value of the completion (what an ok read saw); None when open.
        result: The completion's further result (whether a compare-and-set took place).
        call: Index of the invocation event.
        ret: Index of the completion event; None for info operations, which may take effect at any later time.
        call_time_ns: Time of the invocation, in nanoseconds.
        ret_time_ns: Time of the completion, in nanoseconds, or None.
        node: The node that served it, if known.
        error: Why it failed or is unknown, if so.
    """

    process: int
    f: str
    key: Any = None
    argument: Any = None
    type: Completion
    value: Any = None
    result: Any = None
    call: int
    ret: int | None
    call_time_ns: int = 0
    ret_time_ns: int | None = None
    node: str | None = None
    error: str | None = None
