"""An acceptor: the memory of Paxos (section 2, figure 4).

Rules, the paper's:

1. ``ballot_num`` never decreases.
2. A pvalue is accepted only if its ballot is not below ``ballot_num``.
3. What was accepted is not removed; of each slot the pvalue with the highest ballot is enough (section 4.1).

An acceptor answers when its disk has what the answer says (section 4).
"""

from __future__ import annotations

from chaoslab.statemachine import Effect, Probe, Send
from chaoslab_protocols.multi_paxos import journal
from chaoslab_protocols.multi_paxos.messages import Ballot, P1a, P1b, P2a, P2b, PValue

__all__ = ["Acceptor"]


class Acceptor:
    """One acceptor.

    Probes: ``promised``: a promise is durable and nobody knows it yet; ``accepted``: so is a pvalue.

    Attributes:
        ballot_num: The ballot it has promised. Persistent.
        accepted: For each slot the pvalue it accepted last. Persistent.
        is_voting: Whether it may answer: not when its disk has lost what it answered for.
    """

    def __init__(self, content: bytes) -> None:
        self.is_new = not content
        recovered = journal.recover(content)
        self.ballot_num = recovered.ballot
        self.accepted = recovered.accepted
        self.is_voting = not recovered.damaged

    def start(self) -> list[Effect]:
        """Begin with a journal that ends in a whole record; a damaged one is left as the warning that it is."""
        if self.is_new or not self.is_voting:
            return []
        accepted = [journal.accept_record(pvalue) for pvalue in self.accepted.values()]
        return journal.replace([*accepted, journal.promise_record(self.ballot_num)])

    def on_p1a(self, sender: str, message: P1a) -> list[Effect]:
        """Promise the ballot, if it is higher, and tell what was accepted."""
        if not self.is_voting:
            return []
        effects: list[Effect] = []
        if message.ballot > self.ballot_num:
            self.ballot_num = message.ballot
            effects = [*self.save_promise(), Probe("promised")]
        accepted = tuple(pvalue for slot, pvalue in self.accepted.items() if slot >= message.slot)
        return [*effects, Send(sender, P1b(self.ballot_num, accepted, message.ballot))]

    def on_p2a(self, sender: str, message: P2a) -> list[Effect]:
        """Accept the pvalue, if no higher ballot was promised."""
        if not self.is_voting:
            return []
        effects: list[Effect] = []
        pvalue = message.pvalue
        if self.may_accept(pvalue):
            effects = self.accept(pvalue)
        return [*effects, Send(sender, P2b(self.answered_ballot(pvalue), pvalue.slot, pvalue.ballot))]

    def save_promise(self) -> list[Effect]:
        """Make the promise durable before it is given."""
        return [journal.save(journal.promise_record(self.ballot_num))]

    def may_accept(self, pvalue: PValue) -> bool:
        """Whether no higher ballot was promised."""
        return pvalue.ballot >= self.ballot_num

    def answered_ballot(self, pvalue: PValue) -> Ballot:
        """Return the ballot to answer with: the one promised, which is the pvalue's if it was accepted."""
        return self.ballot_num

    def accept(self, pvalue: PValue) -> list[Effect]:
        """Take over *pvalue*, which is promised by it as well."""
        if self.accepted.get(pvalue.slot) == pvalue:
            return []  # it was sent again
        self.ballot_num = max(self.ballot_num, pvalue.ballot)
        self.accepted[pvalue.slot] = pvalue
        return [journal.save(journal.accept_record(pvalue)), Probe("accepted")]
