"""What a server keeps: its state, the updates that the backup has not confirmed, and the view that it knows.

``sent`` is what the backup has not confirmed, ``acked`` the position up to which it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Context
from chaoslab_protocols.primary_backup.synchronous.messages import View
from chaoslab_protocols.update_journal import JOURNAL, UpdateJournal

__all__ = ["Journal"]


class Journal(UpdateJournal):
    """State and log of one server.

    Attributes:
        view: The latest that it has adopted.
    """

    def __init__(self, context: Context) -> None:
        self.view = View(1, *context.nodes[:-1][:2])
        super().__init__(context.files.get(JOURNAL, b""))

    def read_place(self, written: list[Any]) -> None:
        self.view = View(*written)

    def place_written(self) -> Sequence[Any]:
        return attrs.astuple(self.view)
