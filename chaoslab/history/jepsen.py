"""What Jepsen's events mean: its words for endings leave room, and recordings use it differently.

Rules:

1. A failed compare-and-set saw another value, unless the event tells an error: it is an ok with the result false. Where
   a recording means otherwise, ``JepsenMeaning`` says so.
2. An ok read of nil saw that there is nothing, unless ``JepsenMeaning`` says otherwise.
3. In a history of independent keys every value is ``[key value]``: recognised by reads that are invoked with one, or by
   the tag of such tuples.

This file does not know how events are written: see ``edn`` and ``jepsen_log``.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import attrs

from chaoslab.errors import HistoryError, UsageError, unknown_word
from chaoslab.history.history import History
from chaoslab.history.operation import Event

__all__ = ["FailedCas", "JepsenEvent", "JepsenMeaning", "NilReads", "append_event", "split_keys"]

FailedCas = Literal["observation", "nothing", "unknown"]
NilReads = Literal["observation", "nothing"]


def _one_of(allowed: tuple[str, ...]) -> Any:
    def validate(instance: Any, attribute: attrs.Attribute[Any], value: str) -> None:
        if value not in allowed:
            raise UsageError(unknown_word("meaning", value, allowed), key=attribute.name)

    return validate


@attrs.frozen(kw_only=True)
class JepsenMeaning:
    """What a recording means by two of its events.

    Attributes:
        failed_cas: A ``:fail`` of a compare-and-set: ``"observation"`` (the value was different), ``"nothing"`` (it did
            not happen, nothing learned) or ``"unknown"`` (it may have happened).
        nil_reads: An ``:ok`` read of nil: ``"observation"`` (there was nothing) or ``"nothing"`` (it says nothing).
    """

    failed_cas: FailedCas = attrs.field(default="observation", validator=_one_of(get_args(FailedCas)))
    nil_reads: NilReads = attrs.field(default="observation", validator=_one_of(get_args(NilReads)))


@attrs.define
class JepsenEvent:
    """One event as it was written."""

    process: Any
    type: str
    f: str
    value: Any
    error: str | None
    time_ns: int
    key: Any = None


def append_event(history: History, event: JepsenEvent, meaning: JepsenMeaning, asked: dict[Any, Any]) -> None:
    """Record *event* with the meaning it has.

    Args:
        history: Where to.
        event: The event.
        meaning: What its words mean.
        asked: The arguments of open operations by process; kept up to date here.

    Raises:
        HistoryError: no run can have recorded it.
    """
    type, f, value, error, result = event.type, event.f, event.value, event.error, None
    if type not in ("invoke", "ok", "fail", "info"):
        raise HistoryError(unknown_word("type", type, ("invoke", "ok", "fail", "info")))
    process = event.process
    if not isinstance(process, int):
        history.append(
            Event(index=-1, time_ns=event.time_ns, process=str(process), type="info", f=f, value=value, error=error)
        )
        return
    if type == "invoke":
        asked[process] = value
    elif f == "cas":
        value = asked.get(process)
        if type == "ok":
            result = True
        elif type == "fail" and error is None:
            if meaning.failed_cas == "observation":
                type, result = "ok", False
            elif meaning.failed_cas == "unknown":
                type = "info"
    elif type == "info":
        value = asked.get(process)
    elif type == "ok" and f in ("read", "get") and value is None and meaning.nil_reads == "nothing":
        type = "fail"
    history.append(
        Event(
            index=-1,
            time_ns=event.time_ns,
            process=process,
            type=type,  # type: ignore[arg-type]
            f=f,
            key=event.key,
            value=value,
            result=result,
            error=error,
        )
    )


def split_keys(events: list[JepsenEvent], *, certainly: bool = False) -> None:
    """Take the keys out of the values of *events*, in place, if this is (or *certainly* is) one of independent keys."""
    reads = [event for event in events if event.type == "invoke" and event.f in ("read", "get")]
    if certainly:
        pass
    elif not reads or not all(_is_pair(event.value) and event.value[1] is None for event in reads):
        return
    for event in events:
        if isinstance(event.process, int) and _is_pair(event.value):
            event.key, event.value = event.value


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2
