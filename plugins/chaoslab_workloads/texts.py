"""The text workload: everybody types words and deletes some, at the same time; in the end all have the same text.

``insert`` takes ``[place, word]``, *place* from 0 to 1000 of the way through the text as the replica has it; words are
unique in a run; its result may be ``[before, behind]``, the words that it was typed between, as the replica had them.
``delete`` takes a word. ``read`` returns the list of words. When the run ends nobody edits for a while; then every
client reads every text at the node beside it. What must hold:

* all last reads of a text are the same (``divergence``);
* a word whose insertion was acknowledged is there once, unless somebody asked for its deletion (``lost edit``);
* a word that was deleted, acknowledged, after its insertion was, is not there (``zombie edit``);
* no word is there twice, nor one that nobody typed (``made up``);
* one order of all words explains every read, early ones too, and whoever typed between two words finds what he typed
  between them (``out of order``): see ``text_order``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History, Operation
from chaoslab.models import ILLEGAL, Model
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_workloads.last_reads import read_all
from chaoslab_workloads.text_order import Fact, contradiction

__all__ = ["CONVERGING_TEXT", "TEXT"]

_QUIET_NS = 5_000_000_000


@attrs.frozen(kw_only=True)
class TextParameters:
    """Parameters of the converging-text workload."""

    reads: float = parameter(RATIO, "The share of operations that are reads.", default=0.1)
    deletes: float = parameter(RATIO, "The share of edits that delete; the rest insert.", default=0.2)


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    """Know which words are there, and not where: a place is told by the text that its author had before his eyes."""
    if f == "read":
        return state if value is not None and sorted(value[1]) == sorted(state) else ILLEGAL
    return state | {argument[1][1]} if f == "insert" else state - {argument}


TEXT = Model(
    name="text",
    summary="words that are inserted, deleted and read, in whatever order they stand",
    initial=frozenset(),
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"insert", "delete", "read"}),
)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: TextParameters = view.parameters or TextParameters()
    own: list[tuple[str, str]] = []
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        elif own and view.random.chance(parameters.deletes):
            at, word = own.pop(view.random.below(len(own)))
            yield Invocation(f="delete", key=at, value=word)
        else:
            word = f"w{view.unique()}"
            own.append((key, word))
            place = 0 if view.random.chance(0.3) else view.random.below(1001)  # many type at the beginning
            yield Invocation(f="insert", key=key, value=[place, word])


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    operations = history.operations()
    since_ns = max(history.times_ns, default=0) - _QUIET_NS // 2
    judged = 0
    for key in keys:
        about = [one for one in operations if one.key == key]
        last = [one for one in about if one.f == "read" and one.type == "ok" and one.call_time_ns >= since_ns]
        if not last:
            continue
        judged += 1
        found = _wrong(key, [one for one in about if one.f != "read"], last) or _out_of_order(key, about)
        if found is not None:
            anomaly, summary, shown = found
            return (Verdict(outcome="invalid", name="text", anomaly=anomaly, summary=summary, operations=shown),)
    if not judged:
        return (Verdict(outcome="unknown", name="text", summary="nobody read a text in the end."),)
    return (
        Verdict(
            outcome="valid",
            name="text",
            summary=f"all had the same {judged} texts in the end, every word in place.",
        ),
    )


def _wrong(
    key: str, edits: Sequence[Operation], last: Sequence[Operation]
) -> tuple[str, str, tuple[Operation, ...]] | None:
    """Return what is wrong with the last reads of one text."""
    first, words = last[0], list(last[0].value)
    other = next((one for one in last if list(one.value) != words), None)
    if other is not None:
        summary = f"in the end {first.node} and {other.node} have different texts under {key}."
        return "divergence", summary, (first, other)
    inserted = {edit.argument[1]: edit for edit in edits if edit.f == "insert"}
    deleted = {edit.argument: edit for edit in edits if edit.f == "delete"}
    for word in words:
        if word not in inserted or words.count(word) > 1:
            return "made up", f"{word} is in the text {key}, where it was not typed, or more often than once.", (first,)
    for word, edit in inserted.items():
        if edit.type == "ok" and word not in deleted and word not in words:
            return "lost edit", f"{word} was typed into {key} and acknowledged, and is not there.", (edit, first)
    for word, edit in deleted.items():
        typed = inserted.get(word)
        both = edit.type == "ok" and typed is not None and typed.type == "ok" and typed.node == edit.node
        if both and typed is not None and (typed.ret or 0) < edit.call and word in words:
            return "zombie edit", f"{word} was deleted from {key}, and is there again.", (typed, edit, first)
    return None


def _out_of_order(key: str, about: Sequence[Operation]) -> tuple[str, str, tuple[Operation, ...]] | None:
    """Return which words of a text are in no order that explains all that was seen of it."""
    circle = contradiction(about)
    if circle is None:
        return None
    seen = ", ".join(map(_told, circle))
    shown = tuple({fact.shown_by.call: fact.shown_by for fact in circle}.values())
    return "out of order", f"no order of the words of {key} explains what was seen: {seen}.", shown


def _told(fact: Fact) -> str:
    how = "read" if fact.shown_by.f == "read" else "typed"
    return f"{fact.word} before {fact.next} ({how} at {fact.shown_by.node})"


CONVERGING_TEXT = Workload(
    name="converging-text",
    summary="people type words into texts and delete some; after a quiet time, every client reads every text",
    model="text",
    operations=_operations,
    last=read_all,
    quiet_ns=_QUIET_NS,
    all_read=True,
    parameters=TextParameters,
    checks=_checks,
)
