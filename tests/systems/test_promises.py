"""Each functional check of the systems rejects a history that breaks its promise, and accepts one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.checkers.registry import check
from chaoslab.history import History
from chaoslab.plugins import registry

S = 1_000_000_000


def history(*operations: tuple[Any, ...]) -> History:
    """Return a history of operations (second, process, f, key, argument, type, value, result), one after the other."""
    made = History()
    for at_s, process, f, key, argument, type, value, result in operations:
        made.invoke(process, f, key, argument, time_ns=int(at_s * S))
        made.complete(process, type, value, result, time_ns=int(at_s * S) + 1)
    return made


def judged(workload: str, name: str, *operations: tuple[Any, ...]) -> tuple[str, str | None]:
    """Return outcome and anomaly of the check *name* of *workload*."""
    verdicts = registry().workloads[workload].checks(history(*operations), ("x",), None)
    (verdict,) = [one for one in verdicts if one.name == name]
    assert verdict.outcome != "invalid" or verdict.operations
    return verdict.outcome, verdict.anomaly


def did(at_s: float, process: int, f: str, key: str, argument: Any, result: Any = None) -> tuple[Any, ...]:
    return at_s, process, f, key, argument, "ok", argument, result


def maybe(at_s: float, process: int, f: str, key: str, argument: Any) -> tuple[Any, ...]:
    return at_s, process, f, key, argument, "info", None, None


def saw(at_s: float, process: int, key: str, value: Any, f: str = "read") -> tuple[Any, ...]:
    return at_s, process, f, key, None, "ok", value, None


@pytest.mark.parametrize("workload", ["cart", "comments", "edits", "bookings", "messages"])
class TestNothingIsLost:
    """What was put in and not taken out is there in the end."""

    def test_it_is_there(self, workload: str) -> None:
        """All of it, in whatever order."""
        found = judged(
            workload, "nothing-lost", did(1, 0, "add", "x", 1), did(2, 1, "add", "x", 2), saw(9, 0, "x", [2, 1])
        )
        assert found == ("valid", None)

    def test_it_is_gone(self, workload: str) -> None:
        """One who reads in the end does not find it."""
        found = judged(workload, "nothing-lost", did(1, 0, "add", "x", 1), saw(9, 0, "x", [1]), saw(9, 1, "x", []))
        assert found == ("invalid", "lost update")

    def test_what_somebody_tried_to_take_out_may_be_gone_or_there(self, workload: str) -> None:
        """Nobody knows what became of that; the other item is what is judged."""
        updates = [did(1, 0, "add", "x", 1), did(1, 1, "add", "x", 2), maybe(2, 0, "remove", "x", 1)]
        assert judged(workload, "nothing-lost", *updates, saw(9, 0, "x", [2]))[0] == "valid"
        assert judged(workload, "nothing-lost", *updates, saw(9, 0, "x", [1, 2]))[0] == "valid"

    def test_a_read_that_comes_too_early_says_nothing(self, workload: str) -> None:
        """Replicas are given time; a history without last reads is not valid."""
        found = judged(workload, "nothing-lost", did(1, 0, "add", "x", 1), saw(2, 0, "x", []))
        assert found == ("unknown", None)


@pytest.mark.parametrize("workload", ["feed", "balances"])
class TestOwnWritesAreSeen:
    """Everybody sees what they wrote themselves."""

    def test_others_may_see_it_later(self, workload: str) -> None:
        """It is the author's promise alone."""
        found = judged(workload, "own-writes-seen", did(1, 0, "write", "x", 5), saw(2, 1, "x", None), saw(3, 0, "x", 5))
        assert found == ("valid", None)

    def test_what_nobody_knows_of_may_happen_late(self, workload: str) -> None:
        """The write of 4 was given up, and arrived after that of 5."""
        writes = [maybe(1, 0, "write", "x", 4), did(2, 1, "write", "x", 5)]
        found = judged(workload, "own-writes-seen", *writes, saw(3, 1, "x", 5), saw(4, 1, "x", 4))
        assert found == ("valid", None)

    @pytest.mark.parametrize("value", [None, 4])
    def test_the_author_does_not_see_it(self, workload: str, value: int | None) -> None:
        """But nothing, or what was there before."""
        writes = [did(1, 0, "write", "x", 4), did(2, 0, "write", "x", 5)]
        found = judged(workload, "own-writes-seen", *writes, saw(3, 0, "x", value))
        assert found == ("invalid", "own write missed")


class TestMessages:
    """A message seen once never disappears."""

    def test_a_message_disappears(self) -> None:
        """For the same person; another one may not have seen it yet."""
        assert judged("messages", "stays-seen", saw(1, 0, "x", [1]), saw(2, 0, "x", [2])) == (
            "invalid",
            "non-monotonic read",
        )
        assert judged("messages", "stays-seen", saw(1, 0, "x", [1]), saw(2, 1, "x", []), saw(3, 0, "x", [1, 2])) == (
            "valid",
            None,
        )


class TestChat:
    """A reply is not seen before its question."""

    TALK = (did(1, 0, "write", "x question", 7), saw(2, 1, "x question", 7), did(3, 1, "write", "x reply", 8))

    def test_the_question_is_there(self) -> None:
        """It, or a later one."""
        for question in (7, 9):
            read = saw(5, 2, "x reply", 8), saw(6, 2, "x question", question)
            assert judged("chat", "reply-after-question", *self.TALK, *read) == ("valid", None)

    @pytest.mark.parametrize("question", [None, 6])
    def test_the_question_is_not_there_yet(self, question: int | None) -> None:
        """Nothing is, or an older one."""
        read = saw(5, 2, "x reply", 8), saw(6, 2, "x question", question)
        found = judged("chat", "reply-after-question", *self.TALK, *read)
        assert found == ("invalid", "reply before its question")

    def test_who_has_not_seen_the_reply_may_see_the_old_question(self) -> None:
        """Late is no breach of causality; that alone decides nothing."""
        found = judged(
            "chat", "reply-after-question", *self.TALK, saw(5, 2, "x reply", None), saw(6, 2, "x question", None)
        )
        assert found == ("unknown", None)


class TestCash:
    """Money is conserved, and nobody is below zero."""

    def test_accounts_that_add_up(self) -> None:
        """A refused withdrawal moves nothing, and one of unknown outcome may have been paid or not."""
        moves = [
            did(1, 0, "deposit", "x", 9),
            did(2, 0, "withdraw", "x", 5, True),
            did(3, 0, "withdraw", "x", 5, False),
        ]
        assert judged("cash", "cash", *moves, saw(9, 0, "x", 4)) == ("valid", None)
        for left in (4, 1):
            assert judged("cash", "cash", *moves, maybe(4, 1, "withdraw", "x", 3), saw(9, 0, "x", left))[0] == "valid"

    @pytest.mark.parametrize(
        ("operations", "anomaly"),
        [
            ([saw(1, 0, "x", -1)], "negative balance"),
            ([did(1, 0, "deposit", "x", 4), did(2, 0, "withdraw", "x", 5, True)], "money from nothing"),
            ([did(1, 0, "deposit", "x", 4), saw(2, 0, "x", 3)], "money lost"),
            (
                [did(1, 0, "deposit", "x", 4), did(2, 0, "withdraw", "x", 2, True), saw(3, 0, "x", 4)],
                "money from nothing",
            ),
        ],
    )
    def test_accounts_that_do_not_add_up(self, operations: list[tuple[Any, ...]], anomaly: str) -> None:
        """Each in its words."""
        assert judged("cash", "cash", *operations) == ("invalid", anomaly)


class TestOnce:
    """A name has one owner, and a ride is paid for once."""

    def test_a_name_is_given_twice(self) -> None:
        """Who asked in vain, or does not know, is no second owner."""
        taken, refused = did(1, 0, "cas", "x1", (None, 1), True), did(2, 1, "cas", "x1", (None, 2), False)
        unknown, again = maybe(3, 2, "cas", "x1", (None, 3)), did(4, 3, "cas", "x1", (None, 4), True)
        assert judged("sign-ups", "unique-names", taken, refused, unknown) == ("valid", None)
        assert judged("sign-ups", "unique-names", taken, refused, again) == ("invalid", "name given twice")

    def test_a_ride_is_paid_for_twice(self) -> None:
        """Another ride is another payment."""
        paid, refused, other = (
            did(1, 0, "pay", "x1", 1, True),
            did(2, 1, "pay", "x1", 2, False),
            did(3, 1, "pay", "x2", 3, True),
        )
        assert judged("payments", "paid-once", paid, refused, other) == ("valid", None)
        assert judged("payments", "paid-once", paid, did(4, 1, "pay", "x1", 4, True)) == ("invalid", "paid twice")


PAID = did(2, 0, "pay", "x", 1, True)
PAID_IN = did(1, 0, "deposit", "x", 5)


@pytest.mark.parametrize(
    ("model", "operations", "expected"),
    [
        ("ride", [PAID, saw(3, 1, "x", None, "receipt"), saw(4, 1, "x", 1, "receipt"), saw(5, 1, "x", 1)], "valid"),
        ("ride", [saw(1, 1, "x", 1, "receipt"), PAID], "invalid"),
        ("ride", [PAID, saw(3, 1, "x", None)], "invalid"),
        ("ride", [PAID, did(3, 1, "pay", "x", 2, True)], "invalid"),
        ("ride", [PAID, did(3, 1, "pay", "x", 2, False), saw(4, 1, "x", 1)], "valid"),
        ("ride", [maybe(1, 0, "pay", "x", 1), saw(3, 1, "x", None), saw(4, 1, "x", 1)], "valid"),
        ("cash", [PAID_IN, did(2, 0, "withdraw", "x", 5, True), saw(3, 1, "x", 0)], "valid"),
        ("cash", [PAID_IN, did(2, 0, "withdraw", "x", 6, True)], "invalid"),
        ("cash", [PAID_IN, did(2, 0, "withdraw", "x", 5, False)], "invalid"),
        ("cash", [PAID_IN, maybe(2, 0, "withdraw", "x", 5), saw(3, 1, "x", 5), saw(4, 1, "x", 0)], "valid"),
        ("cash", [PAID_IN, saw(3, 1, "x", 4)], "invalid"),
    ],
)
def test_the_models_say_what_may_be_seen(model: str, operations: list[tuple[Any, ...]], expected: str) -> None:
    """A receipt never before its payment, though it may be late; a withdrawal takes place if the money is there."""
    (verdict,) = check(history(*operations), model=registry().models[model], levels=["linearizable"])
    assert verdict.outcome == expected
