"""Who belongs to the cluster, and how administrators change that, by the protocol's own commands.

Rules:

1. ``Cluster.nodes`` are the members, as far as administrators have been told. A *spare* runs the same code but is no
   member: in its ``Context.nodes``, which name the members with which the cluster began, its own name is missing.
2. A node joins when the protocol says yes to ``join``; it leaves when the protocol says yes to ``leave``, and is then
   switched off, its disk kept. Somebody who comes back starts from that disk and joins again.
3. A change is taken back as it was made: whoever joined is asked to leave, whoever left to join, the last one first.
   What was refused every time needs no taking back; what got no answer does.

This file does not know how a protocol changes its members.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chaoslab.cluster.administrator import Administrator, Answer
from chaoslab.cluster.host import Host

if TYPE_CHECKING:
    from chaoslab.cluster.cluster import Cluster

__all__ = ["INVERSE", "Membership", "MembershipChange"]

INVERSE = {"join": "leave", "leave": "join"}
"""What takes a command back."""


class Membership:
    """The members, spares and administrators of one cluster.

    Args:
        cluster: Whose.
        new_host: Make the host of a spare of this name.
        new_administrator: Make the administrator of this number, from 1.

    Attributes:
        spares: The hosts that are no members, by name.
        administrators: The administrators, in order.
    """

    def __init__(
        self,
        cluster: Cluster,
        new_host: Callable[[str], Host],
        new_administrator: Callable[[int], Administrator],
    ) -> None:
        self._cluster = cluster
        self._new_host = new_host
        self._new_administrator = new_administrator
        self.spares: dict[str, Host] = {}
        self.administrators: list[Administrator] = []

    def add_spare(self) -> str:
        """Start a node that is no member, and return its name: the next number."""
        name = f"n{len(self._cluster.nodes) + len(self.spares) + 1}"
        host = self.spares[name] = self._new_host(name)
        host.start()
        return name

    def directory(self) -> tuple[str, ...]:
        """Return who was started and not switched off, members first: what operators keep in a name service."""
        return (*self._cluster.nodes, *(name for name, host in self.spares.items() if not host.is_off))

    def admit(self, name: str) -> None:
        """*name* is a member from now on."""
        host = self.spares.pop(name, None)
        if host is not None:
            self._cluster.nodes[name] = host

    def switch_off(self, name: str) -> None:
        """*name* is no member any more, and is switched off."""
        host = self._cluster.nodes.pop(name, None) or self.spares[name]
        self.spares[name] = host
        host.crash()
        host.is_off = True

    def switch_on(self, name: str) -> None:
        """Start *name* again from its disk, if it was switched off."""
        host = self._cluster.node(name)
        if host.is_off:
            host.is_off = False
            host.start()

    def idle_administrator(self) -> Administrator:
        """Return an administrator who has nothing to do, and now has."""
        found = next((one for one in self.administrators if not one.busy), None)
        if found is None:
            found = self._new_administrator(len(self.administrators) + 1)
            self.administrators.append(found)
        found.busy = True
        return found


class MembershipChange:
    """What one administrator changes, command after command, and later takes back.

    Args:
        membership: Of whom.
        commands: Pairs of a command and a node; one that is not carried out ends the list.
        patience_ns: How long the administrator tries each.

    Attributes:
        succeeded: How many commands the protocol has said yes to, those that take back not counted.
    """

    def __init__(self, membership: Membership, commands: Sequence[tuple[str, str]], patience_ns: int) -> None:
        self._membership = membership
        self._administrator = membership.idle_administrator()
        self._patience_ns = patience_ns
        self._left = deque(commands)
        self._done: list[tuple[str, str, Answer]] = []
        self._at_work = True
        self._taking_back = False
        self.succeeded = 0

    def begin(self) -> None:
        """Ask for the first command."""
        self._go_on()

    def take_back(self) -> None:
        """Stop, and undo what has been done, as soon as the open command has ended. Does nothing a second time."""
        if self._taking_back:
            return
        self._taking_back = True
        self._left.clear()
        if self._at_work:
            self._administrator.lose_patience()
        else:
            self._administrator = self._membership.idle_administrator()
            self._at_work = True
            self._go_on()

    def _go_on(self) -> None:
        if self._taking_back:
            self._undo_next()
        elif self._left:
            f, node = self._left.popleft()
            self._administrator.ask(f, node, self._patience_ns, lambda answer: self._answered(f, node, answer))
        else:
            self._at_work = self._administrator.busy = False

    def _answered(self, f: str, node: str, answer: Answer) -> None:
        self._done.append((f, node, answer))
        if answer == "yes":
            self.succeeded += 1
            self._note(f, node)
        else:
            self._left.clear()  # what follows was meant for a cluster that has changed
        self._go_on()

    def _undo_next(self) -> None:
        while self._done:
            f, node, answer = self._done.pop()
            if answer == "no":
                if f == "join":
                    self._membership.switch_off(node)
                continue
            inverse = INVERSE[f]
            if inverse == "join":
                self._membership.switch_on(node)

            def undone(taken_back: Answer, node: str = node, inverse: str = inverse, told: Answer = answer) -> None:
                if taken_back == "yes":
                    self._note(inverse, node)
                elif inverse == "leave" and told == "unknown":
                    self._membership.switch_off(node)  # nobody was ever told that it is a member
                self._undo_next()

            self._administrator.ask(inverse, node, self._patience_ns, undone)
            return
        self._at_work = self._administrator.busy = False

    def _note(self, f: str, node: str) -> None:
        if f == "join":
            self._membership.admit(node)
        else:
            self._membership.switch_off(node)
