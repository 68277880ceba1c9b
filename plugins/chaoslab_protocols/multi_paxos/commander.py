"""A commander: the second phase of one ballot for one slot (section 2, figure 6)."""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.statemachine import Effect, Send
from chaoslab_protocols.multi_paxos.messages import P2a, PValue

__all__ = ["Commander"]


class Commander:
    """Asks the acceptors to accept a pvalue, until enough of them have.

    Attributes:
        pvalue: The pvalue.
        answered: The acceptors that accepted it.
        tries: How often it has asked.
    """

    __slots__ = ("acceptors", "answered", "pvalue", "quorum", "tries")

    def __init__(self, pvalue: PValue, acceptors: Sequence[str], quorum: int) -> None:
        self.pvalue = pvalue
        self.acceptors = acceptors
        self.quorum = quorum
        self.answered: set[str] = set()
        self.tries = 0

    def ask(self) -> list[Effect]:
        """Ask the acceptors that have not answered."""
        self.tries += 1
        request = P2a(self.pvalue)
        return [Send(acceptor, request) for acceptor in self.acceptors if acceptor not in self.answered]

    def on_p2b(self, sender: str) -> bool:
        """*sender* has accepted; return whether the pvalue is decided."""
        self.answered.add(sender)
        return len(self.answered) >= self.quorum
