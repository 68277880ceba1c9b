"""What a server of a chain keeps: its history, which part of it is on its way, and the configuration that it knows.

The paper's names: ``sent`` is Sent, what was passed on and not acknowledged by the tail. Hist is kept as the state that
it leads to (section 2 allows that). Pending, which the paper says is no more than a way of speaking, is at the clients:
they ask again until they are answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Context
from chaoslab_protocols.chain_replication.messages import Configuration
from chaoslab_protocols.update_journal import JOURNAL, UpdateJournal

__all__ = ["Journal"]


class Journal(UpdateJournal):
    """State and log of one server.

    Attributes:
        configuration: The latest that it has adopted.
    """

    def __init__(self, context: Context) -> None:
        self.configuration = Configuration(1, context.nodes[:-1])
        super().__init__(context.files.get(JOURNAL, b""))

    def read_place(self, written: list[Any]) -> None:
        number, chain, joining = written
        self.configuration = Configuration(number, tuple(chain), joining)

    def place_written(self) -> Sequence[Any]:
        return attrs.astuple(self.configuration)
