"""Recovery (section 4.3): a replica that has lost its state takes part in nothing until it has got it back."""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Probe, Send
from chaoslab_protocols.viewstamped.messages import Recovery, RecoveryResponse
from chaoslab_protocols.viewstamped.state import NORMAL, RECOVERING
from chaoslab_protocols.viewstamped.view_change import ViewChange

__all__ = ["Recovering"]


class Recovering(ViewChange):
    """Recovering, and helping others to.

    Probes: ``recovered``: a replica has got its state back.

    Attributes:
        nonce: Tells the answers to this recovery from those to earlier ones.
        responses: What replicas have answered.
    """

    NONCES = 2**53

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nonce = self.dice.below(self.NONCES) if self.status == RECOVERING else 0
        self.responses: dict[str, RecoveryResponse] = {}

    def recover(self) -> list[Effect]:
        """Step 1: ask all the others."""
        return self.to_others(Recovery(self.nonce))

    def on_recovery(self, sender: str, message: Recovery) -> list[Effect]:
        """Step 2: answer if the status is normal; the primary sends its log."""
        if self.status != NORMAL:
            return []
        log = tuple(self.log) if self.is_primary() else None
        return [Send(sender, RecoveryResponse(self.view_number, message.nonce, log, self.commit_number))]

    def is_answer(self, message: RecoveryResponse) -> bool:
        """Whether *message* answers this recovery, not an earlier one."""
        return message.nonce == self.nonce

    def on_recovery_response(self, sender: str, message: RecoveryResponse) -> list[Effect]:
        """Step 3: wait for f + 1 answers, one of them of the primary of the latest view among them."""
        if self.status != RECOVERING or not self.is_answer(message):
            return []
        self.responses[sender] = message
        view_number = max(response.view_number for response in self.responses.values())
        primary = self.responses.get(self.primary_of(view_number))
        if len(self.responses) <= self.failures_max or primary is None or primary.view_number != view_number:
            return []
        return self.take_over(primary) if primary.log is not None else []

    def take_over(self, response: RecoveryResponse) -> list[Effect]:
        """Step 3: with the primary's state, be normal again."""
        assert response.log is not None
        self.view_number = self.last_normal_view = response.view_number
        self.status = NORMAL
        self.replace_log(response.log)
        effects = [*self.save_all(), Probe("recovered"), self.become(), self.silence_timer()]
        return [*effects, *self.commit_up_to(response.commit_number)]
