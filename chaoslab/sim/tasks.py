"""Whose task is running: a node's program runs in a task that is named after the node, and in tasks started from it.

This file does not know what a node is, beyond the name of its first task.
"""

from __future__ import annotations

from typing import Final

import trio

__all__ = ["NODE_TASK", "node_of_current_task"]

NODE_TASK: Final = "node "
"""How the name of a node's first task begins; the node's own name follows."""


def node_of_current_task() -> str:
    """Return the node whose task runs, be it the first one or one in a nursery below it; ``""`` if it is none's.

    Complexity: linear in how deep nurseries are nested.
    """
    try:
        task: trio.lowlevel.Task | None = trio.lowlevel.current_task()
    except RuntimeError:
        return ""  # a state machine runs in no task
    while task is not None:
        if task.name.startswith(NODE_TASK):
            return task.name.removeprefix(NODE_TASK)
        task = task.parent_nursery.parent_task if task.parent_nursery is not None else None
    return ""
