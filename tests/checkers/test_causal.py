"""Causal levels: the separating histories, the pitfalls, and brute force from the definitions on short histories."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.causal import CausalOrder, Views, causal, causal_convergence, causal_memory, pram
from chaoslab.checkers.causal.verifier import (
    Level,
    complaint_about_order,
    complaint_about_pattern,
    complaint_about_views,
)
from chaoslab.checkers.reads_from import Cases, Pattern
from chaoslab.checkers.verdict import Verdict
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.models import MODELS, kv_starting_as
from tests.checkers.definitions import Small, closed, explanations, program_order, worlds
from tests.checkers.small_histories import Op, changed, histories, history_of, replicas, runs, seen, written

REGISTER = MODELS["register"]
LEVELS: dict[Level, Callable[..., Verdict]] = {
    "pram": pram,
    "causal": causal,
    "causal-convergence": causal_convergence,
    "causal-memory": causal_memory,
}


def allowed(history: History) -> set[str]:
    """Return the levels that allow *history*."""
    return {level for level, check in LEVELS.items() if check(history).outcome == "valid"}


# Separating histories (Bouajjani et al. 2017, figure 3, and smaller ones).

ONE_TWO_ONE = history_of(written(0, "x", 1), written(1, "x", 2), *(seen(2, "x", value) for value in (1, 2, 1)))
NO_COMMON_ORDER = history_of(
    written(0, "x", 1), written(1, "x", 2), seen(2, "x", 1), seen(2, "x", 2), seen(3, "x", 2), seen(3, "x", 1)
)
REPLY_BEFORE_POST = history_of(
    written(0, "x", 1), seen(1, "x", 1), written(1, "y", 2), seen(2, "y", 2), seen(2, "x", None)
)
WINNER_FIRST = history_of(  # 2 must win over 1, but each process needs to see its own write first
    written(0, "z", 1), written(0, "x", 1), written(0, "y", 1), written(1, "x", 2), seen(1, "z", None),
    seen(1, "y", 1), seen(1, "x", 2),
)  # fmt: skip


@pytest.mark.parametrize(
    ("history", "levels"),
    [
        (history_of(), {"pram", "causal", "causal-convergence", "causal-memory"}),
        (ONE_TWO_ONE, {"causal"}),
        (NO_COMMON_ORDER, {"pram", "causal", "causal-memory"}),
        (REPLY_BEFORE_POST, {"pram"}),
        (WINNER_FIRST, {"causal", "causal-convergence"}),
    ],
)
def test_each_level_stands_apart_from_the_others(history: History, levels: set[str]) -> None:
    """One history for each two levels next to each other, allowed by one and not by the other."""
    assert allowed(history) == levels


PATTERNS = [
    ("causal", "ThinAirRead", [written(0, "x", 1), seen(1, "x", 2)]),
    ("causal", "CyclicCO", [seen(0, "x", 1), written(0, "x", 1)]),
    ("causal", "WriteCOInitRead", [written(0, "x", 1), seen(0, "x", None)]),
    ("causal", "WriteCORead", [written(0, "x", 1), written(0, "x", 2), seen(1, "x", 2), seen(1, "x", 1)]),
    (
        "causal-convergence",
        "CyclicCF",
        [written(0, "x", 1), seen(0, "y", None), written(0, "y", 1), seen(0, "x", 1), seen(0, "y", 2),
         written(1, "x", 2), written(1, "y", 2), seen(1, "x", 1), seen(1, "y", 2), seen(1, "x", 2)],
    ),
    (
        "causal-memory",
        "WriteHBInitRead",
        [written(0, "z", 1), written(0, "x", 1), written(0, "y", 1), written(1, "x", 2), seen(1, "z", None),
         seen(1, "y", 1), seen(1, "x", 2)],
    ),
    ("causal-memory", "CyclicHB", [written(0, "x", 1), written(1, "x", 2), seen(1, "x", 1), seen(1, "x", 2)]),
    ("pram", "CyclicHB", [seen(0, "x", 1), written(0, "x", 1)]),
    ("pram", "WriteHBInitRead", [written(0, "y", 1), written(0, "x", 1), seen(1, "x", 1), seen(1, "y", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("level", "name", "operations"), PATTERNS)
def test_every_pattern_is_found_by_its_name(level: Level, name: str, operations: list[Op]) -> None:
    """Each bad pattern of the paper has a history that shows it, told as a sentence about processes."""
    verdict = LEVELS[level](history_of(*operations))
    assert (verdict.outcome, verdict.anomaly) == ("invalid", name)
    assert verdict.summary.endswith(".")
    assert "process" in verdict.summary or "order of the writes" in verdict.summary
    assert list(verdict.operations) == sorted(verdict.operations, key=lambda operation: operation.call)


def test_a_value_is_compared_by_its_type() -> None:
    """Reading True where 1 was written is a value out of thin air."""
    assert causal(history_of(written(0, "x", 1), seen(1, "x", True))).anomaly == "ThinAirRead"


def test_a_write_that_failed_cannot_be_read() -> None:
    """A failed write did not happen, so its value comes out of thin air."""
    assert causal(history_of(written(0, "x", 1, "fail"), seen(1, "x", 1))).anomaly == "ThinAirRead"


def test_a_write_of_unknown_outcome_may_be_seen_or_not() -> None:
    """Both a process that sees it and one that never does are allowed; forgetting it is not."""
    unknown = written(0, "x", 1, "info")
    assert len(allowed(history_of(unknown, seen(1, "x", None)))) == 4
    assert len(allowed(history_of(unknown, seen(1, "x", None), seen(1, "x", 1)))) == 4
    assert not allowed(history_of(unknown, seen(1, "x", 1), seen(1, "x", None)))


def test_a_process_that_goes_on_after_an_unknown_outcome_is_a_new_session() -> None:
    """The update may take effect later than what its process did next, so that need not see it."""
    assert len(allowed(history_of(written(0, "x", 1, "info"), seen(0, "x", None)))) == 4


def test_a_compare_and_set_reads_and_writes() -> None:
    """It depends on the write of its first value, and whoever sees its second knows of both."""
    changes = [written(0, "x", 1), changed(1, "x", 1, 2), seen(2, "x", 2)]
    assert len(allowed(history_of(*changes))) == 4
    assert causal(history_of(*changes, seen(2, "x", 1))).anomaly == "WriteCORead"
    assert causal(history_of(*changes, seen(2, "x", None))).anomaly == "WriteCOInitRead"
    assert causal(history_of(written(0, "x", 1), changed(1, "x", 3, 2))).anomaly == "ThinAirRead"


def test_a_refused_compare_and_set_saw_another_value() -> None:
    """Refused to change 1, it must have seen something else, and here there is nothing else to see."""
    refused = changed(1, "x", 1, 2, result=False)
    assert len(allowed(history_of(written(0, "x", 1), refused))) == 4
    verdict = causal(history_of(written(0, "x", 1), seen(1, "x", 1), refused))
    assert verdict.outcome == "invalid"
    assert isinstance(
        causal(history_of(written(0, "x", 1), written(0, "x", 3), seen(1, "x", 3), seen(1, "x", 1))).evidence, Pattern
    )


def test_values_written_twice_are_told_apart_by_what_else_was_seen() -> None:
    """A read that either of two writes explains is allowed as soon as one of them does."""
    twice = [written(0, "x", 1), written(0, "x", 2), written(1, "x", 1), seen(2, "x", 2)]
    assert causal(history_of(*twice, seen(2, "x", 1))).outcome == "valid"
    assert causal(history_of(*twice[:2], written(0, "y", 1), seen(2, "x", 2), seen(2, "x", 1))).outcome == "invalid"
    verdict = causal(
        history_of(written(0, "x", 1), written(0, "x", 1), written(0, "x", 2), seen(2, "x", 2), seen(2, "x", 1))
    )
    assert verdict.outcome == "invalid"
    assert isinstance(verdict.evidence, Cases)


def test_too_small_a_budget_gives_unknown_and_says_how_to_raise_it() -> None:
    """Where one try of the reads is not enough and the budget allows no second one, nothing is decided."""
    history = history_of(written(0, "x", 1), written(1, "x", 1), written(1, "x", 2), seen(2, "x", 2), seen(2, "x", 1))
    verdict = causal(history, configurations_max=0)
    assert verdict.outcome == "unknown"
    assert "--budget" in verdict.summary
    assert causal(history).outcome == "valid"


def test_an_operation_that_is_no_read_or_write_is_refused_in_words() -> None:
    """The message names the operation and what these levels know."""
    with pytest.raises(UsageError, match=r"process 0 calls 'append'.*cas, get, put, read, write"):
        causal(history_of(Op(0, "append", "x", "a")), MODELS["kv"])


def test_the_value_at_the_start_is_the_models() -> None:
    """A store whose keys start as empty text may be read as empty text, and no longer as nothing."""
    history = history_of(written(0, "x", "a"), seen(1, "x", ""))
    assert causal(history, kv_starting_as("")).outcome == "valid"
    assert causal(history).anomaly == "ThinAirRead"


def test_the_verifier_refuses_what_is_not_so() -> None:
    """Evidence for one history is no evidence for another one that breaks the level."""
    good = history_of(written(0, "x", 1), written(0, "x", 2), seen(1, "x", 1), seen(1, "x", 2))
    bad = history_of(written(0, "x", 1), written(0, "x", 2), seen(1, "x", 2), seen(1, "x", 1))
    order, views = causal_convergence(good).evidence, causal_memory(good).evidence
    assert isinstance(order, CausalOrder)
    assert isinstance(views, Views)
    assert complaint_about_order(order, good, REGISTER, "causal-convergence") is None
    assert complaint_about_views(views, good, REGISTER, "causal-memory") is None
    assert complaint_about_order(order, bad, REGISTER, "causal-convergence") is not None
    assert complaint_about_views(views, bad, REGISTER, "causal-memory") is not None
    assert complaint_about_views(views, bad, REGISTER, "pram") is not None
    for level, check in LEVELS.items():
        evidence = check(bad).evidence
        assert complaint_about_pattern(evidence, bad, REGISTER, level) is None
        assert complaint_about_pattern(evidence, good, REGISTER, level) is not None


# Brute force, straight from the definitions.


def explained_by(order: Sequence[Small], saw: dict[int, int | None], judged: set[int]) -> bool:
    """Return whether replaying *order* shows each read of *judged* the write that it saw."""
    latest: dict[str, int] = {}
    for one in order:
        if one.number in judged and one.number in saw and latest.get(one.key) != saw[one.number]:
            return False
        if one.is_write:
            latest[one.key] = one.number
    return True


def some_order(chosen: list[Small], before: set[tuple[int, int]], saw: dict[int, int | None], judged: set[int]) -> bool:
    """Return whether some order of *chosen* that keeps to *before* explains the reads of *judged*: all are tried."""
    stack: list[list[Small]] = [[]]
    while stack:
        order = stack.pop()
        if len(order) == len(chosen):
            return True
        left = [one for one in chosen if one not in order]
        for one in left:
            free = not any((other.number, one.number) in before for other in left)
            if free and explained_by([*order, one], saw, judged):
                stack.append([*order, one])
    return False


def past_of(one: Small, small: list[Small], order: set[tuple[int, int]]) -> list[Small]:
    """Return what comes before *one*, and itself."""
    return [other for other in small if other is one or (other.number, one.number) in order]


def is_causal(small: list[Small], saw: dict[int, int | None]) -> bool:
    """CC: for each operation alone some order of its causal past explains it."""
    order = closed(small, program_order(small) | {(w, r) for r, w in saw.items() if w is not None})
    return order is not None and all(
        some_order([o for o in past_of(one, small, order) if o.is_write or o is one], order, saw, {one.number})
        for one in small
    )


def is_convergent(small: list[Small], saw: dict[int, int | None]) -> bool:
    """CCv: one order of all operations explains each operation within its causal past."""
    order = closed(small, program_order(small) | {(w, r) for r, w in saw.items() if w is not None})
    if order is None:
        return False
    writes = [one for one in small if one.is_write]
    for arbitration in itertools.permutations(writes):
        rank = {one.number: index for index, one in enumerate(arbitration)}
        if not all(rank[a] < rank[b] for a, b in order if a in rank and b in rank):
            continue
        pasts = {r: [w.number for w in past_of(small[r], small, order) if w.is_write and w.number != r] for r in saw}
        if all(
            max((w for w in pasts[r] if small[w].key == small[r].key), key=rank.__getitem__, default=None) == saw[r]
            for r in saw
        ):
            return True
    return False


def is_memory(small: list[Small], saw: dict[int, int | None]) -> bool:
    """CM: for each session some order of its last operation's causal past explains all its operations."""
    order = closed(small, program_order(small) | {(w, r) for r, w in saw.items() if w is not None})
    if order is None:
        return False
    for session in {one.session for one in small}:
        own = [one for one in small if one.session == session]
        chosen = [one for one in past_of(own[-1], small, order) if one.is_write or one.session == session]
        if not some_order(chosen, order, saw, {one.number for one in own}):
            return False
    return True


def is_pram(small: list[Small], saw: dict[int, int | None]) -> bool:
    """PRAM: for each session some order of all writes and its own operations explains these."""
    order = program_order(small)
    for session in {one.session for one in small}:
        own = {one.number for one in small if one.session == session}
        chosen = [one for one in small if one.is_write or one.number in own]
        if not some_order(chosen, order, saw, own):
            return False
    return True


DEFINITIONS: dict[Level, Callable[[list[Small], dict[int, int | None]], bool]] = {
    "pram": is_pram,
    "causal": is_causal,
    "causal-convergence": is_convergent,
    "causal-memory": is_memory,
}


def by_definition(level: Level, history: History) -> bool:
    """Return whether *level* allows *history*, from the definition."""
    definition = DEFINITIONS[level]
    return any(definition(small, saw) for small in worlds(history) for saw in explanations(small))


@given(history=histories(unique=True))
def test_unique_values_are_judged_as_the_definitions_say(history: History) -> None:
    """On short histories with unique values all four levels agree with brute force."""
    for level, check in LEVELS.items():
        assert (check(history).outcome == "valid") == by_definition(level, history), level


@given(history=histories(unique=False, longest=6))
def test_repeated_values_are_judged_as_the_definitions_say(history: History) -> None:
    """With values written twice, refused compare-and-sets and unknown outcomes they agree with brute force, too."""
    for level, check in LEVELS.items():
        assert (check(history).outcome == "valid") == by_definition(level, history), level


@given(history=runs())
def test_runs_of_a_careless_store_are_judged_as_the_definitions_say(history: History) -> None:
    """On histories between the levels, with unique values, all four agree with brute force."""
    for level, check in LEVELS.items():
        assert (check(history).outcome == "valid") == by_definition(level, history), level


@given(history=runs(longest=7, repeated=True))
def test_runs_with_repeated_values_are_judged_as_the_definitions_say(history: History) -> None:
    """On histories between the levels, with two values only, all four agree with brute force."""
    for level, check in LEVELS.items():
        assert (check(history).outcome == "valid") == by_definition(level, history), level


# Longer histories: the theorems of Bouajjani et al. 2017 on plain relations, without clocks.


def reachable(pairs: set[tuple[int, int]], size: int) -> list[int]:
    """Return from each number the set of those after it, as bits (Warshall)."""
    after = [0] * size
    for a, b in pairs:
        after[a] |= 1 << b
    for middle in range(size):
        for a in range(size):
            if after[a] >> middle & 1:
                after[a] |= after[middle]
    return after


def by_patterns(small: list[Small], saw: dict[int, int | None]) -> set[str]:
    """Return the levels whose bad patterns do not occur."""
    size = len(small)
    ordered = program_order(small)
    causal_pairs = ordered | {(w, r) for r, w in saw.items() if w is not None}
    after = reachable(causal_pairs, size)
    acyclic = not any(after[a] >> a & 1 for a in range(size))
    holding = (
        {"pram"} if all(saturates(small, saw, ordered, own, only_own=True) for own in sessions_of(small)) else set()
    )
    stale = any(
        w != other.number and after[other.number] >> r & 1 and (w is None or after[w] >> other.number & 1)
        for r, w in saw.items()
        for other in small
        if other.is_write and other.key == small[r].key and other.number != r
    )
    if not acyclic or stale:
        return holding
    holding.add("causal")
    conflicts = {
        (other.number, w)
        for r, w in saw.items()
        for other in small
        if w is not None and other.is_write and other.key == small[r].key and other.number not in (w, r)
        if after[other.number] >> r & 1
    }
    whole = reachable(causal_pairs | conflicts, size)
    if not any(whole[a] >> a & 1 for a in range(size)):
        holding.add("causal-convergence")
    if all(saturates(small, saw, causal_pairs, own, only_own=False) for own in sessions_of(small)):
        holding.add("causal-memory")
    return holding


def sessions_of(small: list[Small]) -> list[list[int]]:
    """Return the numbers of each session's operations."""
    sessions: dict[int, list[int]] = {}
    for one in small:
        sessions.setdefault(one.session, []).append(one.number)
    return list(sessions.values())


def saturates(
    small: list[Small], saw: dict[int, int | None], given: set[tuple[int, int]], own: list[int], *, only_own: bool
) -> bool:
    """Return whether happens-before, grown for one session, has no cycle and hides no initial value from it."""
    mine = {(w, r) for r in own if (w := saw.get(r)) is not None}
    pairs = given | mine if only_own else set(given)
    while True:
        after = reachable(pairs, len(small))
        # A cycle counts if the session depends on it; of others it need not know.
        if any(after[a] >> a & 1 and (a == own[-1] or after[a] >> own[-1] & 1) for a in range(len(small))):
            return False
        more: set[tuple[int, int]] = set()
        for r in own:
            for other in small:
                hides = other.is_write and r in saw and other.key == small[r].key and other.number not in (saw[r], r)
                if hides and after[other.number] >> r & 1:
                    write = saw[r]
                    if write is None:
                        return False
                    more.add((other.number, write))
        if more <= pairs:
            return True
        pairs |= more


@given(history=st.one_of(runs(longest=24, turns=8), replicas(), replicas(), replicas()))
def test_longer_histories_are_judged_as_the_theorems_say(history: History) -> None:
    """With unique values all four levels agree with the bad patterns, looked for without clocks."""
    (small,) = worlds(history)
    found = [by_patterns(small, saw) for saw in explanations(small)]
    assert allowed(history) == (found[0] if found else set())


@given(history=runs(longest=14))
def test_stronger_levels_imply_weaker_ones(history: History) -> None:
    """Causal memory implies PRAM and causal, convergence implies causal."""
    holding = allowed(history)
    if "causal-memory" in holding:
        assert holding >= {"pram", "causal"}
    if "causal-convergence" in holding:
        assert "causal" in holding
