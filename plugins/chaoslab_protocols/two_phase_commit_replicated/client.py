"""A client: asks a member of the group that coordinates, and another one until it is answered."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects
from chaoslab_protocols.two_phase_commit.client import Client
from chaoslab_protocols.two_phase_commit_replicated.groups import groups_of
from chaoslab_protocols.two_phase_commit_replicated.settings import Settings

__all__ = ["GroupClient"]


class GroupClient(Client):
    """One client, with one transaction at a time. Who answers it, the leader, is asked first the next time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings: Settings = context.settings or Settings()
        self.members = next(iter(groups_of(context.nodes, settings.group).values()))
        if context.home in self.members:
            self.coordinator = context.home

    def message(self, sender: str, message: Any) -> Effects:
        if sender in self.members:
            self.coordinator = sender
        return super().message(sender, message)

    def ask_again(self) -> list[Effect]:
        self.coordinator = self.members[(self.members.index(self.coordinator) + 1) % len(self.members)]
        return self.ask()
