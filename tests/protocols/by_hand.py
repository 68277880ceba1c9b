"""State machines driven by hand: no simulator, a disk that is a dict, and the rest of the cluster played by the test.

What is written is durable at once: what a disk does to those who do not wait for it is shown by scenarios.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect, Effects, Persist, Remove, Rename, Send, Write

__all__ = ["ByHand", "Clock", "of", "sends", "sent", "written"]


class Clock:
    """A monotonic clock that is set by hand."""

    now = 0.0


class ByHand:
    """One machine and its disk; every call returns the effects and carries out those on the disk.

    Attributes:
        machine: The machine; made by the class that derives from this one.
        files: Its disk.
    """

    machine: Any
    files: dict[str, bytes]

    def did(self, effects: Effects) -> list[Effect]:
        done = list(effects or ())
        for effect in done:
            if isinstance(effect, Persist | Write):
                before = self.files.get(effect.path, b"") if effect.append else b""
                self.files[effect.path] = before + effect.data
            elif isinstance(effect, Rename):
                self.files[effect.to] = self.files.pop(effect.path)
            elif isinstance(effect, Remove):
                self.files.pop(effect.path, None)
        return done

    def gets(self, sender: str, message: Any) -> list[Effect]:
        """*message* arrives from *sender*."""
        return self.did(self.machine.message(sender, message))

    def hears(self, sender: str, message: Any) -> Any:
        """*message* arrives, and is answered: return the one answer to *sender*."""
        (answer,) = [effect.message for effect in of(Send, self.gets(sender, message)) if effect.to == sender]
        return answer

    def fires(self, timer: str) -> list[Effect]:
        return self.did(self.machine.timer(timer))


def of(kind: type, effects: Effects) -> list[Any]:
    return [effect for effect in effects or () if isinstance(effect, kind)]


def sends(effects: Effects, kind: type, to: str | None = None) -> list[Any]:
    """The messages of *kind* among *effects*, those to *to* or all."""
    return [message for receiver, message in sent(effects) if isinstance(message, kind) and to in (None, receiver)]


def sent(effects: Effects) -> list[tuple[str, Any]]:
    """Who is sent what."""
    return [(effect.to, effect.message) for effect in of(Send, effects)]


def written(effects: Effects, before: bytes = b"") -> bytes:
    """Return what a file that held *before* holds when the effects are performed."""
    for effect in effects or ():
        if isinstance(effect, Persist):
            before += effect.data
        elif isinstance(effect, Write):
            before = effect.data
    return before
