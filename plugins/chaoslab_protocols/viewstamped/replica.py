"""A replica of Viewstamped Replication, complete: which message goes where, and the timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaoslab.statemachine import Context, Effects, SetTimer
from chaoslab_protocols.viewstamped.messages import (
    Commit,
    DoViewChange,
    GetState,
    NewState,
    Prepare,
    PrepareOk,
    Recovery,
    RecoveryResponse,
    Request,
    StartView,
    StartViewChange,
)
from chaoslab_protocols.viewstamped.recovery import Recovering
from chaoslab_protocols.viewstamped.state import RECOVERING

__all__ = ["Replica"]


class Replica(Recovering):
    """One replica."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.handlers: dict[type, Callable[[str, Any], Effects]] = {
            Request: self.on_request,
            Prepare: self.on_prepare,
            PrepareOk: self.on_prepare_ok,
            Commit: self.on_commit,
            StartViewChange: self.on_start_view_change,
            DoViewChange: self.on_do_view_change,
            StartView: self.on_start_view,
            GetState: self.on_get_state,
            NewState: self.on_new_state,
            Recovery: self.on_recovery,
            RecoveryResponse: self.on_recovery_response,
        }

    def start(self) -> Effects:
        tick = SetTimer("tick", self.settings.tick_s)
        if self.status == RECOVERING:
            return [self.become(), tick, *self.recover()]
        if self.is_first_start:
            return [self.save(self.view_record()), self.become(), tick, self.silence_timer()]
        if self.is_primary():  # it does not know any more what it had committed: the next one finds out
            return [*self.save_all(), tick, *self.start_view_change(self.view_number + 1)]
        return [*self.save_all(), self.become(), tick, self.silence_timer()]

    def message(self, sender: str, message: Any) -> Effects:
        return self.handlers[message.__class__](sender, message)

    def timer(self, name: str) -> Effects:
        if name == "silence":
            return self.on_silence()
        effects = self.recover() if self.status == RECOVERING else self.tick()
        return [*effects, SetTimer("tick", self.settings.tick_s)]
