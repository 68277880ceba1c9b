"""A scout: the first phase of one ballot (section 2, figure 6)."""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.statemachine import Effect, Send
from chaoslab_protocols.multi_paxos.messages import Ballot, P1a, P1b, PValue

__all__ = ["Scout", "pmax"]


class Scout:
    """Asks the acceptors to promise a ballot, until enough of them have.

    Attributes:
        ballot: The ballot.
        pvalues: What the acceptors that answered had accepted.
        answered: The acceptors that promised.
    """

    def __init__(self, ballot: Ballot, slot: int, acceptors: Sequence[str], quorum: int) -> None:
        self.ballot = ballot
        self.request = P1a(ballot, slot)
        self.acceptors = acceptors
        self.quorum = quorum
        self.pvalues: list[PValue] = []
        self.answered: set[str] = set()

    def ask(self) -> list[Effect]:
        """Ask the acceptors that have not answered."""
        return [Send(acceptor, self.request) for acceptor in self.acceptors if acceptor not in self.answered]

    def on_p1b(self, sender: str, message: P1b) -> bool:
        """Take a promise into account; return whether the ballot is adopted."""
        if sender not in self.answered:
            self.answered.add(sender)
            self.pvalues += message.accepted
        return len(self.answered) >= self.quorum


def pmax(pvalues: Sequence[PValue]) -> dict[int, PValue]:
    """Return for each slot the pvalue with the highest ballot: the only one that may have been decided."""
    highest: dict[int, PValue] = {}
    for pvalue in pvalues:
        if pvalue.slot not in highest or pvalue.ballot > highest[pvalue.slot].ballot:
            highest[pvalue.slot] = pvalue
    return highest
