"""Histories: what clients asked and what they were told. Knows nothing of the simulator."""

from chaoslab.history.files import FORMATS, read_history, write_history
from chaoslab.history.history import History
from chaoslab.history.operation import COMPLETIONS, NEMESIS, Completion, Event, EventType, Operation

__all__ = [
    "COMPLETIONS",
    "FORMATS",
    "NEMESIS",
    "Completion",
    "Event",
    "EventType",
    "History",
    "Operation",
    "read_history",
    "write_history",
]
