"""Texts: their replica tells between which words an insertion was typed, and their client keeps that in the history."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Complete, Effects, Response
from chaoslab_protocols.crdt.replica import Replica
from chaoslab_protocols.crdt.rga import RGA

__all__ = ["TextClient", "TextReplica"]


class TextReplica(Replica):
    """A replica of texts."""

    OBJECT: ClassVar[type] = RGA

    def carry_out(self, one: RGA, f: str, argument: Any) -> Any:
        """Update a text; an insertion is answered with the words before and behind its place."""
        around = one.around(argument[0]) if f == "insert" else None
        super().carry_out(one, f, argument)
        return around


class TextClient(RequestClient):
    """Keeps, as the result of an insertion, between which words it was typed."""

    def message(self, sender: str, message: Any) -> Effects:
        is_insertion = self.invocation is not None and self.invocation.f == "insert"
        effects = super().message(sender, message)
        if not is_insertion or not isinstance(message, Response):
            return effects
        return [
            attrs.evolve(one, result=message.body) if isinstance(one, Complete) and one.type == "ok" else one
            for one in effects or ()
        ]
