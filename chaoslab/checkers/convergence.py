"""Convergence: do replicas end up with the same state, once updates stop?

*Eventual consistency* is judged by what clients read at the end. Rules:

1. A read counts if it was invoked after every update, of whatever key, had completed, or begun where its outcome is
   unknown; of each process the last one of its key counts. It is for the run to leave a quiet time before these reads:
   no finite history can show that replicas would not have agreed still later. That is why updates of other keys count:
   where a key was updated early and never again, what was read of it while others were is no reading at the end.
2. Of each key, all these reads agree, and on a value that some update wrote; on the initial value only if none did.
3. An update of unknown outcome may take effect at any later time and reach one replica before another. So a value that
   one of them writes may be read by some processes and not by others; what the rest read must be one value.
4. Last reads of counters, sets and siblings must moreover show what their updates come to: see ``convergence_sums``.
   With updates of unknown outcome that is all that is asked of them.
5. Other keys with updates of unknown outcome whose effect is not a plain value (an append) cannot be judged, nor keys
   that nobody read at the end. If nothing could be judged, the verdict is valid and says so.

*Strong eventual consistency* is judged by what replicas say of themselves: whoever received the same updates, in
whatever order, has the same state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import attrs

from chaoslab.checkers.convergence_sums import can_be_summed, misfit
from chaoslab.checkers.convergence_verifier import (
    complaint_about_agreement,
    complaint_about_reads,
    complaint_about_states,
)
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import in_words, shown
from chaoslab.models import MODELS, Model

__all__ = ["Agreement", "DifferentStates", "Disagreement", "Snapshot", "eventual", "strong_eventual"]

REGISTER = MODELS["register"]

_PLAIN_UPDATES = ("write", "put", "cas", "delete")


@attrs.frozen(kw_only=True)
class Agreement:
    """Evidence that reads agree.

    Attributes:
        reads: For each key that could be judged, the last reads, by the index of their invocations.
    """

    reads: tuple[tuple[int, ...], ...]


@attrs.frozen(kw_only=True)
class Disagreement:
    """Evidence that reads do not agree, or not on a value that may be there.

    Attributes:
        reads: Two last reads that differ, or one whose value may not be there, by the index of their invocations.
    """

    reads: tuple[int, ...]


@attrs.frozen(kw_only=True)
class Snapshot:
    """What one replica says of itself.

    Attributes:
        node: The replica.
        received: The identities of the updates that it has received.
        state: Its state, as clients could see it.
    """

    node: str
    received: frozenset[Hashable]
    state: Any


@attrs.frozen(kw_only=True)
class DifferentStates:
    """Evidence against strong eventual consistency: two replicas that received the same and differ.

    Attributes:
        one: The first of them.
        other: The second.
    """

    one: Snapshot
    other: Snapshot


def eventual(history: History, model: Model = REGISTER, *, configurations_max: int = 1_000_000) -> Verdict:
    """Decide whether the last reads of *history* agree on the outcome of its updates.

    Args:
        history: History of n operations, with reads at its end, after a quiet time.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: For the sake of one signature for all levels: nothing is searched.

    Returns:
        A verdict. Valid: the reads that agree; the summary tells if there was nothing to judge. Invalid: two reads that
        differ, or one of a value that cannot be there.
        Cost: O(n).

    Raises:
        HistoryError: an operation that the model does not know.

    Source:
        Vogels 2009, "Eventually consistent"; Viotti & Vukolić 2016, section 3.2.
    """
    operations = history.operations()
    groups: dict[Hashable, list[Operation]] = {}
    for operation in operations:
        if operation.f not in model.fs:
            raise HistoryError(
                f"event {operation.call}: the model {model.name!r} has no such operation: "
                + unknown_word("operation", operation.f, model.fs)
            )
        if operation.type != "fail":
            groups.setdefault(frozen(operation.key) if model.keyed else None, []).append(operation)
    judged: list[tuple[int, ...]] = []
    keys_judged = 0
    settled = max((_end(one) for one in operations if one.type != "fail" and _is_update(one, model)), default=-1)
    for group in groups.values():
        reads = _last_reads(group, settled, model)
        unknown = [one for one in group if one.type == "info" and one.f not in model.reads]
        plain = all(one.f in _PLAIN_UPDATES for one in unknown)
        if not reads or not (plain or can_be_summed(model)):
            continue
        fault = _fault(group, reads, [_written(one) for one in unknown], model) if plain else None
        fault = fault or _misfit(group, reads, model)
        if fault is not None:
            anomaly, guilty, sentence = fault
            return _invalid(anomaly, guilty, sentence, operations, model)
        keys_judged += 1
        judged += [tuple(read.call for read in reads)] if plain else [(read.call,) for read in reads]
    unjudged = len(groups) - keys_judged
    agreement = Agreement(reads=tuple(judged))
    confirm("eventual", complaint_about_agreement(agreement.reads, operations, model))
    readers = sum(map(len, judged))
    return Verdict(
        outcome="valid",
        name="eventual",
        level="eventual",
        summary=f"the last {readers} reads agree on each of {keys_judged} keys"
        + (f"; {unjudged} more could not be judged." if unjudged else ".")
        if judged
        else "nothing could be judged: no key was read after its updates had completed.",
        evidence=agreement,
        details={"operations": len(operations), "keys_judged": keys_judged, "keys_not_judged": unjudged},
    )


def _last_reads(group: Sequence[Operation], settled: int, model: Model) -> list[Operation]:
    """Return each process's last read of a key, of those invoked after event *settled*, the end of all updates."""
    last = {one.process: one for one in group if one.type == "ok" and one.f in model.reads and one.call > settled}
    return sorted(last.values(), key=lambda one: one.call)


def _fault(
    group: Sequence[Operation], reads: Sequence[Operation], late: list[Hashable], model: Model
) -> tuple[str, list[Operation], str] | None:
    """Return the anomaly, the reads that show it, and a sentence, if *reads* of one key do not agree as they should."""
    certain = [one for one in group if one.type == "ok" and _is_update(one, model)]
    if not can_be_summed(model) and all(one.f in _PLAIN_UPDATES for one in certain):
        possible = {_written(one) for one in certain} | set(late)
        if all(one.f == "cas" and one.result is None for one in certain):
            possible.add(frozen(model.initial))
        for read in reads:
            if frozen(read.value) not in possible:
                if frozen(read.value) == frozen(model.initial):
                    sentence = f"{in_words(read)} at the end, the value at the start, although {in_words(certain[-1])}."
                    return "lost update", [read], sentence
                return "value out of thin air", [read], f"{in_words(read)} at the end, which nobody had written."
    base = [read for read in reads if frozen(read.value) not in late]
    for read in base[1:]:
        if frozen(read.value) != frozen(base[0].value):
            sentence = (
                f"after all updates had completed, {in_words(base[0])} and {in_words(read)}, each for the last time."
            )
            return "divergence", [base[0], read], sentence
    return None


def _misfit(
    group: Sequence[Operation], reads: Sequence[Operation], model: Model
) -> tuple[str, list[Operation], str] | None:
    """Return the same for the first of *reads* that does not show what the updates of a counter or set come to."""
    if can_be_summed(model):
        updates = [one for one in group if _is_update(one, model)]
        for read in reads:
            wrong = misfit(read, updates, model)
            if wrong is not None:
                return wrong[0], [read], f"{in_words(read)} at the end, {wrong[1]}."
    return None


def _end(operation: Operation) -> int:
    return operation.call if operation.ret is None else operation.ret


def _is_update(operation: Operation, model: Model) -> bool:
    return operation.f not in model.reads and not (operation.f == "cas" and operation.result is False)


def _written(operation: Operation) -> Hashable:
    if operation.f == "delete":
        return None
    return frozen(operation.argument[1] if operation.f == "cas" else operation.argument)


def _invalid(
    anomaly: str, guilty: list[Operation], sentence: str, operations: Sequence[Operation], model: Model
) -> Verdict:
    evidence = Disagreement(reads=tuple(read.call for read in guilty))
    confirm("eventual", complaint_about_reads(evidence.reads, operations, model))
    return Verdict(
        outcome="invalid",
        name="eventual",
        level="eventual",
        summary=sentence,
        anomaly=anomaly,
        operations=tuple(guilty),
        evidence=evidence,
        details={"operations": len(operations)},
    )


def strong_eventual(snapshots: Iterable[Snapshot]) -> Verdict:
    """Decide whether replicas that received the same updates have the same state.

    Args:
        snapshots: What replicas said of themselves, at any times.

    Returns:
        A verdict. Invalid: two of them that received the same and differ.
        Cost: O(size of the snapshots).

    Source:
        Shapiro, Preguiça, Baquero, Zawirski 2011, "Conflict-free replicated data types", definition 2.3.
    """
    replicas = list(snapshots)
    states = [(one.received, one.state) for one in replicas]
    first: dict[frozenset[Hashable], int] = {}
    for place, snapshot in enumerate(replicas):
        other = replicas[first.setdefault(snapshot.received, place)]
        if frozen(other.state) != frozen(snapshot.state):
            confirm("strong-eventual", complaint_about_states(states, (first[snapshot.received], place)))
            return Verdict(
                outcome="invalid",
                name="strong-eventual",
                summary=f"{other.node} and {snapshot.node} had received the same {len(other.received)} updates, but "
                f"the first had {shown(other.state)} and the second {shown(snapshot.state)}.",
                anomaly="divergence",
                evidence=DifferentStates(one=other, other=snapshot),
            )
    confirm("strong-eventual", complaint_about_states(states, ()))
    compared = len(replicas) - len(first)
    return Verdict(
        outcome="valid",
        name="strong-eventual",
        summary=f"replicas that had received the same updates had the same state, {compared} times."
        if compared
        else "nothing could be judged: no two replicas had received the same updates.",
        evidence=tuple(replicas),
        details={"compared": compared},
    )
