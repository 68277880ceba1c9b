"""Normal operation (section 4.1): the primary orders requests, backups prepare them, f of them are enough."""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Probe, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.viewstamped.messages import Commit, Prepare, PrepareOk, Redirect, Reply, Request
from chaoslab_protocols.viewstamped.state import NORMAL
from chaoslab_protocols.viewstamped.transfer import Transfer

__all__ = ["Normal"]


class Normal(Transfer):
    """Primary and backups, while all is well.

    Probes: ``prepared``: an operation is on this backup's disk and the primary does not know; ``committed``: f backups
    have prepared it and nobody else knows.

    Attributes:
        unanswered: On the primary: for how many ticks nothing was committed though something was prepared.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.unanswered = 0

    # The primary

    def on_request(self, sender: str, request: Request) -> list[Effect]:
        """Steps 1 to 3: give the request an op-number, unless the client table knows it."""
        if not self.is_primary():
            primary = self.primary_of(self.view_number) if self.status == NORMAL else None
            return [Send(sender, Redirect(request.request_number, primary))]
        try:
            store.apply({}, request.operation)
        except store.Refused as refused:
            return [Send(sender, Reply(self.view_number, request.request_number, refusal=str(refused)))]
        row = self.client_table.get(request.client_id)
        if row is not None and request.request_number <= row.request_number:
            if request.request_number < row.request_number or not row.is_executed:
                return []
            return [Send(sender, Reply(self.view_number, row.request_number, row.result))]
        self.append([request])
        prepare = Prepare(self.view_number, request, self.op_number, self.commit_number)
        return [*self.to_others(prepare), self.save(self.entry_record(self.op_number)), *self.count()]

    def on_prepare_ok(self, sender: str, message: PrepareOk) -> list[Effect]:
        """Step 5: what f backups have prepared, and all before it, is committed."""
        if not self.is_primary() or message.view_number != self.view_number:
            return []
        self.prepared[sender] = max(self.prepared.get(sender, 0), message.op_number)
        return self.count()

    def count(self) -> list[Effect]:
        """Commit what enough backups have prepared."""
        ranked = sorted((self.prepared.get(other, 0) for other in self.others), reverse=True)
        commit_number = ranked[self.failures_max - 1] if self.failures_max else self.op_number
        if commit_number <= self.commit_number:
            return []
        self.unanswered = 0
        return [Probe("committed"), *self.commit_up_to(commit_number)]

    def primary_tick(self) -> list[Effect]:
        """Step 6: say that the primary is there; and prepare again what is not committed."""
        effects = self.to_others(Commit(self.view_number, self.commit_number))
        self.unanswered = self.unanswered + 1 if self.op_number > self.commit_number else 0
        for op_number in range(self.commit_number + 1, self.op_number + 1):
            prepare = Prepare(self.view_number, self.log[op_number - 1], op_number, self.commit_number)
            effects += [Send(other, prepare) for other in self.others if self.prepared.get(other, 0) < op_number]
        return effects

    # A backup

    def on_prepare(self, sender: str, message: Prepare) -> list[Effect]:
        """Step 4: append it when all before it are in the log, and say so; else get them first."""
        if not self.is_current(message.view_number):
            return self.catch_up(sender, message.view_number)
        effects: list[Effect] = [self.silence_timer()]
        if message.op_number > self.op_number + 1:
            return [*effects, *self.get_state(sender, message.view_number)]
        if message.op_number == self.op_number + 1:
            self.append([message.message])
            effects += [self.save(self.entry_record(self.op_number)), Probe("prepared")]
        effects.append(Send(sender, PrepareOk(self.view_number, self.op_number)))
        return [*effects, *self.commit_up_to(message.commit_number)]

    def on_commit(self, sender: str, message: Commit) -> list[Effect]:
        """Step 7: carry out what is committed."""
        if not self.is_current(message.view_number):
            return self.catch_up(sender, message.view_number)
        effects: list[Effect] = [self.silence_timer()]
        if message.commit_number > self.op_number:
            effects += self.get_state(sender, message.view_number)
        return [*effects, *self.commit_up_to(message.commit_number)]

    def is_current(self, view_number: int) -> bool:
        """Whether a message is of this replica's view, and the view is normal (section 4.1)."""
        return self.status == NORMAL and view_number == self.view_number

    def catch_up(self, sender: str, view_number: int) -> list[Effect]:
        """A primary of a later view, or of one whose beginning was missed, is at work: get its state."""
        is_behind = view_number > self.view_number or (view_number == self.view_number and self.status != NORMAL)
        return self.get_state(sender, view_number) if is_behind else []

    def silence_timer(self) -> SetTimer:
        """The timer that a sign of the primary winds up again."""
        return SetTimer("silence", self.settings.silence_s)
