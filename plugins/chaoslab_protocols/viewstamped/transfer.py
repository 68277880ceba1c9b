"""State transfer (section 5.2): a replica that is behind gets from another what it lacks.

The paper lets a replica that learns of a later view drop, before it asks, what it has after its commit-number. Here it
drops it when the answer has come: what it has prepared may be the copy that a committed operation needs.
"""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Probe, Send, SetTimer
from chaoslab_protocols.viewstamped.messages import GetState, NewState, PrepareOk
from chaoslab_protocols.viewstamped.settings import Settings
from chaoslab_protocols.viewstamped.state import NORMAL, RECOVERING, State

__all__ = ["Transfer"]


class Transfer(State):
    """Asking for state, giving it, and taking it over.

    Probes: ``transferred``: a replica has taken over another's log.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.settings: Settings = context.settings or Settings()

    def get_state(self, sender: str, view_number: int) -> list[Effect]:
        """Ask *sender* for the log after what is known to be the same there."""
        if self.status == RECOVERING:
            return []
        is_same_view = self.status == NORMAL and view_number == self.view_number
        return [Send(sender, GetState(view_number, self.op_number if is_same_view else self.commit_number))]

    def on_get_state(self, sender: str, message: GetState) -> list[Effect]:
        """Send it, if this replica is in the view that was asked for, and the view is normal."""
        if self.status != NORMAL or message.view_number != self.view_number:
            return []
        after = message.op_number
        return [Send(sender, NewState(self.view_number, after, tuple(self.log[after:]), self.commit_number))]

    def on_new_state(self, sender: str, message: NewState) -> list[Effect]:
        """Take the log over, and with it the view."""
        if self.status == RECOVERING or message.view_number < self.view_number:
            return []
        if self.status == NORMAL and message.view_number == self.view_number:
            if self.is_primary() or not message.after <= self.op_number < message.after + len(message.log):
                return []  # it came too late
            self.append(message.log[self.op_number - message.after :])
        else:
            if message.after > self.commit_number:
                return []
            self.replace_log([*self.log[: message.after], *message.log])
            self.view_number = self.last_normal_view = message.view_number
            self.status = NORMAL
        prepared = Send(self.primary_of(self.view_number), PrepareOk(self.view_number, self.op_number))
        timer = SetTimer("silence", self.settings.silence_s)
        effects = [self.become(), timer, *self.save_all(), Probe("transferred"), prepared]
        return [*effects, *self.commit_up_to(message.commit_number)]
