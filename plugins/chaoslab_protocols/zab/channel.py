"""A channel between a leader and a follower: what Zab assumes of TCP, made from a network that loses and reorders.

"FIFO channels" (section II): as long as a connection lives, messages arrive in the order in which they were sent, once.

Rules:

1. A follower opens the connection, under a number larger than any that it used before, its restarts included. What
   arrives of an older connection is dropped.
2. Messages are numbered. What was not acknowledged for a whole tick is sent again; what comes early waits.
3. Every tick sends a frame, if only an empty one: it acknowledges, and shows that the sender is there.

This file does not know what messages mean, nor when a connection is given up.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect, Send
from chaoslab_protocols.zab.messages import Frame

__all__ = ["Channel"]


class Channel:
    """One end of a connection.

    Args:
        peer: The server at the other end.
        follower: Which of the two opened it.
        connection: Its number.
    """

    WINDOW = 64
    """How many messages are sent again at once, at most."""

    def __init__(self, peer: str, follower: str, connection: tuple[int, int]) -> None:
        self.peer = peer
        self.follower = follower
        self.connection = connection
        self.sent = 0
        self.received = 0
        self._unacknowledged: list[Any] = []
        self._sent_at_tick: list[int] = []
        self._early: dict[int, Any] = {}
        self._tick = 0

    def send(self, *messages: Any) -> list[Effect]:
        """Send *messages*, in this order."""
        first = self.sent + 1
        self.sent += len(messages)
        self._unacknowledged += messages
        self._sent_at_tick += [self._tick] * len(messages)
        return [self._frame(first, messages)]

    def receive(self, frame: Frame) -> list[Any]:
        """Return the messages that are next, now that *frame* is there."""
        done = len(self._unacknowledged) - (self.sent - frame.ack)
        if done > 0:
            del self._unacknowledged[:done], self._sent_at_tick[:done]
        for number, message in enumerate(frame.messages, start=frame.first):
            if number > self.received:
                self._early[number] = message
        messages = []
        while self.received + 1 in self._early:
            self.received += 1
            messages.append(self._early.pop(self.received))
        return messages

    def tick(self) -> list[Effect]:
        """Say that this end is there, and send again what may be lost."""
        self._tick += 1
        lost = 0
        while lost < min(self.WINDOW, len(self._sent_at_tick)) and self._sent_at_tick[lost] < self._tick - 1:
            self._sent_at_tick[lost] = self._tick
            lost += 1
        return [self._frame(self.sent - len(self._unacknowledged) + 1, tuple(self._unacknowledged[:lost]))]

    def _frame(self, first: int, messages: tuple[Any, ...]) -> Send:
        return Send(self.peer, Frame(self.follower, self.connection, self.received, first, messages))
