"""Messages that wait on their way: a queue that can be looked at, and let go all at once or in part.

Rules:

1. What waits is not lost. It goes on from where it was, with the delay that it had, as if it were sent only now.
2. It goes on in the order in which it was sent.
3. The queue is bounded: what finds it full is lost, and that is told.

This file does not know why messages wait, nor until when.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from chaoslab.net.network import Link, Network, Rule

__all__ = ["Held", "HoldQueue"]


@attrs.frozen(kw_only=True, eq=False)
class Held:
    """A message that waits.

    Attributes:
        link: Where.
        message: What was sent.
        delay_ns: How long it will travel once it goes on.
        since_ns: When it was sent, in virtual nanoseconds.
    """

    link: Link
    message: Any
    delay_ns: int
    since_ns: int

    def __repr__(self) -> str:
        return f"<Held {self.message!r} on {self.link.label}>"


class HoldQueue:
    """The messages that one rule keeps waiting.

    Args:
        network: Whose messages.
        rule: Who keeps them.
        word: What the trace says of a message that has to wait.
        messages_max: How many wait at most.

    Attributes:
        held: What waits, in the order in which it was sent.
        most: How many waited at the same time so far.
    """

    def __init__(self, network: Network, rule: Rule, word: str, messages_max: int) -> None:
        self._network = network
        self._rule = rule
        self._word = word
        self._messages_max = messages_max
        self.held: list[Held] = []
        self.most = 0
        network.queues.append(self)

    def hold(self, link: Link, delay_ns: int, message: Any) -> None:
        """Keep *message* waiting; if the queue is full it is lost."""
        network = self._network
        if len(self.held) >= self._messages_max:
            network.lose(link, message, f"{self._word}-overflow")
            return
        network.note(link, message, self._word)
        self.held.append(Held(link=link, message=message, delay_ns=delay_ns, since_ns=network.now_ns))
        self.most = max(self.most, len(self.held))

    def release(self, chosen: Callable[[Held], bool] = lambda held: True) -> int:
        """Let what is *chosen* of what waits go on, and return how many messages those are. Cost: O(waiting)."""
        going: list[Held] = []
        staying: list[Held] = []
        for held in self.held:
            (going if chosen(held) else staying).append(held)
        self.held = staying
        for held in going:
            self._network.note(held.link, held.message, "release")
            self._network.forward(held.link, [(held.delay_ns, held.message)], self._rule)
        return len(going)

    def close(self) -> None:
        """Let everything go on, and be forgotten. Does nothing a second time."""
        self.release()
        self._network.queues = [queue for queue in self._network.queues if queue is not self]
