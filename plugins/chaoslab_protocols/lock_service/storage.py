"""The storage: the resource that the lock guards, a counter for each lock.

It remembers the newest token it has seen and refuses older ones (Kleppmann 2016; a lock server's sequencer is checked
by whoever it is shown to, Burrows 2006, section 2.4). A read under the lock counts as seen: from then on no earlier
holder's write can come between it and what is written because of it. What is seen and written is on the disk before
it is answered.
"""

from __future__ import annotations

from typing import Any, Final

from chaoslab.statemachine import Become, Context, Effect, Effects, Send
from chaoslab_protocols import records
from chaoslab_protocols.lock_service.messages import Answer, ReadCounter, WriteCounter

__all__ = ["STORAGE", "Storage", "Unfenced"]

STORAGE: Final = "storage"

JOURNAL = "counters"


class Storage:
    """The storage.

    Attributes:
        counters: What each counter shows. Persistent.
        tokens: The newest token seen for each. Persistent.
        done: Client name to the number of its last write, which is not done again. Persistent.
    """

    def __init__(self, context: Context) -> None:
        self.counters: dict[str, int] = {}
        self.tokens: dict[str, int] = {}
        self.done: dict[str, int] = {}
        found = records.read(context.files.get(JOURNAL, b""))
        self.is_torn = bool(found) and found[-1] is None
        for record in found[:-1] if self.is_torn else found:
            self.take(record)

    def take(self, record: Any) -> None:
        """Take up what a record says."""
        if record is None:
            raise ValueError(f"{JOURNAL}: a record in the middle is damaged")
        if record[0] == "token":
            _, name, token = record
            self.tokens[name] = token
        elif record[0] == "done":
            _, client, number = record
            self.done[client] = number
        else:
            _, name, value, client, number = record
            self.counters[name], self.done[client] = value, number

    def start(self) -> Effects:
        return [Become(STORAGE), *(self.write_anew() if self.is_torn else ())]

    def write_anew(self) -> list[Effect]:
        """Write the journal anew: its last record was cut short by a crash, and never answered for."""
        tokens = [("token", name, token) for name, token in self.tokens.items()]
        counters = [("write", name, value, "", 0) for name, value in self.counters.items()]
        done = [("done", client, number) for client, number in self.done.items()]
        return records.replace(JOURNAL, [*tokens, *counters, *done])

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, ReadCounter):
            return self.on_read(sender, message)
        return self.on_write(sender, message) if isinstance(message, WriteCounter) else None

    def on_read(self, sender: str, message: ReadCounter) -> list[Effect]:
        """Show the counter, unless the hold is over."""
        if self.is_over(message):
            return [self.refuse(sender, message.number)]
        answer = Answer(message.number, self.counters.get(message.name, 0))
        return [*self.see(message), Send(sender, answer)]

    def on_write(self, sender: str, message: WriteCounter) -> list[Effect]:
        """Set the counter, once, unless the hold is over."""
        if message.number <= self.done.get(sender, 0):
            return [Send(sender, Answer(message.number, message.value))]  # it came twice
        if self.is_over(message):
            return [self.refuse(sender, message.number)]
        self.counters[message.name] = message.value
        self.done[sender] = message.number
        record = ("write", message.name, message.value, sender, message.number)
        seen = self.see(message)
        return [*seen, records.append(JOURNAL, [record]), Send(sender, Answer(message.number, message.value))]

    def is_over(self, message: ReadCounter | WriteCounter) -> bool:
        """Whether the hold under which this is asked for is over: a newer token was seen."""
        return message.token is not None and message.token < self.tokens.get(message.name, 0)

    def see(self, message: ReadCounter | WriteCounter) -> list[Effect]:
        """Remember the token, if it is new."""
        name, token = message.name, message.token
        if token is None or token <= self.tokens.get(name, 0):
            return []
        self.tokens[name] = token
        return [records.append(JOURNAL, [("token", name, token)])]

    def refuse(self, client: str, number: int) -> Send:
        """Say that the hold is over."""
        return Send(client, Answer(number, 0, is_over=True))


class Unfenced(Storage):
    """A storage that does not know tokens, as most do not."""

    def is_over(self, message: ReadCounter | WriteCounter) -> bool:
        return False

    def see(self, message: ReadCounter | WriteCounter) -> list[Effect]:
        return []
