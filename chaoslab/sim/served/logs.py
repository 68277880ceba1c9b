"""Handlers of ``logging`` that a node makes, such as one that writes its log file: they are its own.

Loggers are one for the whole of Python, so all nodes have the same, and a node that is started again adds its handlers
to those of its last life.

Rules:

1. A handler that a life of a node has made handles what that life says, and nothing else.
2. When the run ends it is taken away from all loggers.
3. A level that a node sets is that of all nodes. When the run ends the logger has the level of before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from chaoslab.sim.process import Process

__all__ = ["log_replacements", "put_levels_back", "take_handlers_away"]

_owners: dict[logging.Handler, Process] = {}
"""Whose the handlers are that the run has made."""

_levels: dict[logging.Logger, int] = {}
"""The levels that loggers had before a node set another."""


def log_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces methods of handlers, for the node that *node* says."""
    real_init, real_handle = logging.Handler.__init__, logging.Handler.handle
    real_set_level = logging.Logger.setLevel

    def init(self: logging.Handler, level: int | str = logging.NOTSET) -> None:
        real_init(self, level)
        process = node()
        if process is not None:
            _owners[self] = process

    def handle(self: logging.Handler, record: logging.LogRecord) -> Any:
        return real_handle(self, record) if _owners.get(self) in (None, node()) else False

    def set_level(self: logging.Logger, level: int | str) -> None:
        if node() is not None:
            _levels.setdefault(self, self.level)
        real_set_level(self, level)

    return [
        (logging.Handler, "__init__", init),
        (logging.Handler, "handle", handle),
        (logging.Logger, "setLevel", set_level),
    ]


def take_handlers_away() -> None:
    """Let no logger keep a handler of the run."""
    if _owners:
        known = list(logging.root.manager.loggerDict.values())
        for logger in (logging.root, *known):
            if isinstance(logger, logging.Logger):
                for handler in _owners:
                    logger.removeHandler(handler)
        _owners.clear()


def put_levels_back() -> None:
    """Give each logger the level that it had before the run: the next would say more, or less, for the same seed."""
    for logger, level in _levels.items():
        logger.setLevel(level)
    _levels.clear()
