"""Session guarantees: pairwise independent, implied by causal levels, and equal to brute force on short histories."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.causal import causal, causal_convergence, causal_memory, pram
from chaoslab.checkers.reads_from import Cases
from chaoslab.checkers.sessions import monotonic_reads, monotonic_writes, read_your_writes, writes_follow_reads
from chaoslab.checkers.sessions.verifier import Guarantee, complaint_about_breach, complaint_about_guarantee
from chaoslab.checkers.verdict import Verdict
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.models import MODELS
from tests.checkers.definitions import Small, closed, explanations, program_order, worlds
from tests.checkers.small_histories import Op, changed, histories, history_of, replicas, runs, seen, written

REGISTER = MODELS["register"]
GUARANTEES: dict[Guarantee, Callable[..., Verdict]] = {
    "read-your-writes": read_your_writes,
    "monotonic-reads": monotonic_reads,
    "monotonic-writes": monotonic_writes,
    "writes-follow-reads": writes_follow_reads,
}


def broken(history: History) -> set[str]:
    """Return the guarantees that *history* breaks."""
    return {name for name, check in GUARANTEES.items() if check(history).outcome == "invalid"}


# Each of these breaks one guarantee and keeps the other three, so it separates that one from each of them.
ONLY = {
    "read-your-writes": [
        history_of(written(0, "x", 1), seen(0, "x", None)),
        history_of(written(0, "x", 1), written(0, "x", 2), seen(0, "x", 1), seen(0, "x", 2)),
    ],
    "monotonic-reads": [
        history_of(written(0, "x", 1), seen(1, "x", 1), seen(1, "x", None)),
        history_of(written(0, "x", 1), written(1, "x", 2), seen(2, "x", 1), seen(2, "x", 2), seen(2, "x", 1)),
    ],
    "monotonic-writes": [
        history_of(written(0, "x", 1), written(0, "x", 2), seen(1, "x", 2), seen(1, "x", 1)),
        history_of(written(0, "y", 1), written(0, "x", 2), seen(1, "x", 2), seen(1, "y", None)),
    ],
    "writes-follow-reads": [
        history_of(written(0, "x", 1), seen(1, "x", 1), written(1, "x", 2), seen(2, "x", 2), seen(2, "x", 1)),
        history_of(written(0, "x", 1), seen(1, "x", 1), written(1, "y", 2), seen(2, "y", 2), seen(2, "x", None)),
        history_of(written(0, "x", 1), changed(1, "x", 1, 2), seen(2, "x", 2), seen(2, "x", 1)),
    ],
}


@pytest.mark.parametrize(("guarantee", "history"), [(name, one) for name, found in ONLY.items() for one in found])
def test_each_guarantee_can_break_alone(guarantee: str, history: History) -> None:
    """The four are pairwise independent: each has histories that break it and keep the three others."""
    assert broken(history) == {guarantee}
    verdict = GUARANTEES[guarantee](history)  # type: ignore[index]
    assert verdict.anomaly is not None
    assert verdict.summary.startswith("process ")
    assert verdict.summary.endswith(".")


def test_what_takes_two_guarantees_to_forbid_breaks_neither() -> None:
    """Reading one's own first write after the second one may be either's fault, and PRAM forbids it."""
    history = history_of(written(0, "x", 1), written(0, "x", 2), seen(0, "x", 1))
    assert broken(history) == set()
    assert pram(history).outcome == "invalid"


def test_causal_consistency_does_not_imply_monotonic_reads() -> None:
    """Of two concurrent writes CC lets the winner change from read to read: 1, then 2, then 1 again."""
    history = ONLY["monotonic-reads"][1]
    assert causal(history).outcome == "valid"
    assert monotonic_reads(history).outcome == "invalid"
    assert {check(history).outcome for check in (causal_convergence, causal_memory, pram)} == {"invalid"}


def test_sessions_need_not_agree_on_the_order_of_versions() -> None:
    """One session sees 1 and then 2, another one 2 and then 1: no session's reads go back."""
    history = history_of(
        written(0, "x", 1), written(1, "x", 2), seen(2, "x", 1), seen(2, "x", 2), seen(3, "x", 2), seen(3, "x", 1)
    )
    assert broken(history) == set()


def test_a_value_out_of_thin_air_breaks_all_of_them() -> None:
    """No versions explain a read of what nobody wrote."""
    assert broken(history_of(written(0, "x", 1), seen(1, "x", True))) == set(GUARANTEES)


def test_the_sentence_names_the_process_and_the_values() -> None:
    """A person reads what happened, not which edges make a cycle."""
    sentences = [[GUARANTEES[name](history).summary for history in ONLY[name]] for name in GUARANTEES]
    assert sentences == [
        [
            "process 0 read nothing from x, the value at the start, after its own write of 1 had been acknowledged.",
            "process 0 read 1 from x and later 2, both after it had written both of them: whichever is the later one, "
            "one of these reads missed it.",
        ],
        [
            "process 1 read nothing from x, the value at the start, after it had already read 1 there.",
            "process 2 read 1 from x again, after it had already gone on: process 2 read 2 from x in between.",
        ],
        [
            "process 1 read 1 from x, although it had already seen that process 0 wrote 2 to x, after that value and "
            "in the same process.",
            "process 1 read nothing from y, although it had already seen that process 0 wrote 2 to x, and before that "
            "process 0 wrote 1 to y.",
        ],
        [
            "process 2 read 1 from x, although it had already seen that process 1 wrote 2 to x, after process 1 read 1 "
            "from x.",
            "process 2 read nothing from x, although it had already seen that process 1 wrote 2 to y, after process 1 "
            "read 1 from x.",
            "process 2 read 1 from x, although it had already seen that process 1 changed 1 to 2 in x, knowing of that "
            "value.",
        ],
    ]


def test_values_written_twice_are_told_apart_by_what_else_was_seen() -> None:
    """1, 2, 1 goes back if 1 was written once, and need not if it was written again."""
    reads = [seen(2, "x", value) for value in (1, 2, 1)]
    once = [written(0, "x", 1), written(1, "x", 2)]
    assert monotonic_reads(history_of(*once, written(0, "x", 1), *reads)).outcome == "valid"
    verdict = monotonic_reads(history_of(*once, written(0, "x", 1), *reads, *reads, *reads))
    assert verdict.outcome == "invalid"
    assert isinstance(verdict.evidence, Cases)


def test_too_small_a_budget_gives_unknown_and_says_how_to_raise_it() -> None:
    """Where one try of the reads is not enough and the budget allows no second one, nothing is decided."""
    reads = [seen(0, "x", value) for value in (2, 1, 2)]
    history = history_of(reads[0], written(1, "x", 2), *reads[1:], written(0, "x", 1), written(0, "x", 2))
    verdict = monotonic_reads(history, configurations_max=0)
    assert verdict.outcome == "unknown"
    assert "--budget" in verdict.summary
    assert monotonic_reads(history).outcome == "valid"


def test_an_operation_that_is_no_read_or_write_is_refused_in_words() -> None:
    """The message names the operation and what these levels know."""
    with pytest.raises(UsageError, match=r"process 0 calls 'delete'.*cas, get, put, read, write"):
        read_your_writes(history_of(Op(0, "delete", "x")), MODELS["kv"])


@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_the_verifier_refuses_what_is_not_so(guarantee: Guarantee) -> None:
    """Evidence for one history is no evidence for another one that breaks the guarantee."""
    for bad in ONLY[guarantee]:
        operations = bad.operations()
        others = [Op(one.process, one.f, one.key, one.argument, one.value, one.type, one.result) for one in operations]
        good = history_of(*others[:-1], attrs.evolve(others[-1], process=9))
        check = GUARANTEES[guarantee]
        assert check(good).outcome == "valid"
        assert complaint_about_guarantee(check(good).evidence, good, REGISTER, guarantee) is None
        assert complaint_about_guarantee(check(good).evidence, bad, REGISTER, guarantee) is not None
        assert complaint_about_breach(check(bad).evidence, bad, REGISTER, guarantee) is None
        assert complaint_about_breach(check(bad).evidence, good, REGISTER, guarantee) is not None


# Brute force, straight from the definitions.


def ordered_versions(small: list[Small], saw: dict[int, int | None], constrains: Callable[[Small], int | None]) -> bool:
    """Return whether each session can order the versions of each key so that its reads never go back.

    A read must see no version before one that *constrains* names for an earlier operation of the session on that key.
    """
    for session, key in sorted({(one.session, one.key) for one in small}):
        mine = [one for one in small if one.session == session and one.key == key]
        versions = [one.number for one in small if one.is_write and one.key == key]
        for order in itertools.permutations(versions):
            rank: dict[int | None, int] = {None: -1} | {version: index for index, version in enumerate(order)}
            least = -1
            fits = True
            for one in mine:
                if one.number in saw:
                    fits = fits and rank[saw[one.number]] >= least
                least = max(least, rank[constrains(one)])
            if fits:
                break
        else:
            return False
    return True


def keeps_own_writes(small: list[Small], saw: dict[int, int | None]) -> bool:
    """Read your writes: a read sees no version before one that the session wrote before."""
    return ordered_versions(small, saw, lambda one: one.number if one.is_write else None)


def keeps_reads(small: list[Small], saw: dict[int, int | None]) -> bool:
    """Monotonic reads: a read sees no version before one that the session read before."""
    return ordered_versions(small, saw, lambda one: saw.get(one.number))


def keeps_order(small: list[Small], saw: dict[int, int | None], before: set[tuple[int, int]]) -> bool:
    """Return whether no read goes against *before*, an order of writes.

    It does if the session saw c, which is b or after b, and the read, of b's key, saw something that is before b. That
    only the initial value is before b = c is not enough: then *before* has no part in it.
    """
    for read, write in saw.items():
        for other in (one for one in saw if small[one].session == small[read].session and one < read):
            c = saw[other]
            for b in (
                one.number for one in small if one.is_write and one.key == small[read].key and one.number != read
            ):
                if c is None or (b != c and (b, c) not in before):
                    continue
                if (write, b) in before or (write is None and b != c):
                    return False
    return True


def keeps_session_order(small: list[Small], saw: dict[int, int | None]) -> bool:
    """Monotonic writes: the writes of a session are ordered."""
    order = {(a, b) for a, b in program_order(small) if small[a].is_write and small[b].is_write}
    return keeps_order(small, saw, order)


def keeps_causes(small: list[Small], saw: dict[int, int | None]) -> bool:
    """Writes follow reads: what a session read comes before what it writes then, and so on."""
    later = program_order(small) | {(one.number, one.number) for one in small}
    pairs = {(w, b) for r, w in saw.items() if w is not None for a, b in later if a == r and small[b].is_write}
    order = closed(small, pairs)
    return order is not None and keeps_order(small, saw, order)


DEFINITIONS: dict[Guarantee, Callable[[list[Small], dict[int, int | None]], bool]] = {
    "read-your-writes": keeps_own_writes,
    "monotonic-reads": keeps_reads,
    "monotonic-writes": keeps_session_order,
    "writes-follow-reads": keeps_causes,
}


def by_definition(history: History) -> dict[Guarantee, bool]:
    """Return whether each guarantee holds, from the definitions."""
    explained = [(small, saw) for small in worlds(history) for saw in explanations(small)]
    return {name: any(holds(small, saw) for small, saw in explained) for name, holds in DEFINITIONS.items()}


@given(history=histories(unique=True))
def test_unique_values_are_judged_as_the_definitions_say(history: History) -> None:
    """On short histories with unique values all four guarantees agree with brute force."""
    assert {name: check(history).outcome == "valid" for name, check in GUARANTEES.items()} == by_definition(history)


@given(history=histories(unique=False, longest=6))
def test_repeated_values_are_judged_as_the_definitions_say(history: History) -> None:
    """With values written twice, refused compare-and-sets and unknown outcomes they agree with brute force, too."""
    assert {name: check(history).outcome == "valid" for name, check in GUARANTEES.items()} == by_definition(history)


@given(history=runs())
def test_mixed_histories_are_judged_as_the_definitions_say(history: History) -> None:
    """On histories where processes read more than they write, all four agree with brute force."""
    assert {name: check(history).outcome == "valid" for name, check in GUARANTEES.items()} == by_definition(history)


@given(history=runs(longest=7, repeated=True))
def test_mixed_histories_with_repeated_values_are_judged_as_the_definitions_say(history: History) -> None:
    """The same, with two values only."""
    assert {name: check(history).outcome == "valid" for name, check in GUARANTEES.items()} == by_definition(history)


@given(history=replicas())
def test_longer_histories_are_judged_as_the_definitions_say(history: History) -> None:
    """The two guarantees about what others see agree with the definitions on longer histories, too."""
    (small,) = worlds(history)
    (saw,) = explanations(small)
    for name in ("monotonic-writes", "writes-follow-reads"):
        assert (GUARANTEES[name](history).outcome == "valid") == DEFINITIONS[name](small, saw)


@given(
    history=st.one_of(
        replicas(), runs(longest=12), runs(longest=12, repeated=True), histories(unique=False, longest=10)
    )
)
def test_causal_levels_imply_session_guarantees(history: History) -> None:
    """PRAM implies all but writes follow reads; causal memory and convergence imply all; CC all but monotonic reads."""
    broke = broken(history)
    if pram(history).outcome == "valid":
        assert broke <= {"writes-follow-reads"}
    if causal(history).outcome == "valid":
        assert broke <= {"monotonic-reads"}
    if "valid" in (causal_convergence(history).outcome, causal_memory(history).outcome):
        assert not broke
