"""Says in words what is wrong with a history of transactions.

One sentence about processes, keys and values. A transaction is named by its process and the event of its invocation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chaoslab.checkers.transactions.evidence import Edge, Pattern
from chaoslab.history import Operation

__all__ = ["cycle_sentence", "edge_in_words", "mentioned", "pattern_sentence", "transaction_name"]


def transaction_name(operation: Operation | None) -> str:
    """Return how sentences name a transaction, such as ``process 3 (event 12)``; None is the initial state."""
    return "the initial state" if operation is None else f"process {operation.process} (event {operation.call})"


def edge_in_words(edge: Edge, *, appends: bool) -> str:
    """Return what shows that one transaction comes before another. *appends*: the transactions append to lists."""
    source, target = transaction_name(edge.source), transaction_name(edge.target)
    verb, place = ("appended", f"to {edge.key}") if appends else ("wrote", f"to {edge.key}")
    if edge.kind == "wr":
        return f"{target} read {edge.value!r} from {edge.key}, which {source} {verb}"
    if edge.kind == "rw":
        return f"{source} read {edge.key} without {edge.value!r}, which {target} {verb}"
    if edge.kind == "ww":
        if edge.source is None or edge.target is None:
            return f"{target} {verb} {edge.value!r} {place} before {source}"
        order = f"{target} {verb} {edge.value!r} {place} after {edge.earlier!r} of {source}"
        if edge.shown_by is None:
            return order
        reader = transaction_name(edge.shown_by)
        return (
            f"{order}, as {reader} saw"
            if appends
            else f"{order}, as {reader}, which comes after both, read {edge.value!r}"
        )
    if edge.kind == "process":
        return f"{source} came before {target} in the same process"
    return f"{source} had ended when {target} began"


def mentioned(edges: Iterable[Edge]) -> list[Operation]:
    """Return the transactions at the ends of *edges*, and those that show them."""
    return [one for edge in edges for one in (edge.source, edge.target, edge.shown_by) if one is not None]


def cycle_sentence(edges: Sequence[Edge], *, appends: bool) -> str:
    """Return the sentence about a cycle."""
    parts = [edge_in_words(edge, appends=appends) for edge in edges[:4]]
    more = f", and so on over {len(edges)} transactions" if len(edges) > 4 else ""
    listed = ", and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"{listed}{more}: each of them would have to come before itself."


def pattern_sentence(pattern: Pattern) -> str:
    """Return the sentence about an anomaly that a few reads show."""
    reader, other = transaction_name(pattern.reader), transaction_name(pattern.other)
    key, value = pattern.key, pattern.value
    sentences = {
        "garbage-read": f"{reader} read {value!r} from {key}, which nobody wrote.",
        "duplicate-elements": f"{reader} read {value!r} twice in {key}, though it was appended once.",
        "incompatible-order": f"{reader} saw an order of {key} that contradicts the one of {other}, from {value!r} on.",
        "internal": f"{reader} read {key} at odds with its own write of {value!r}.",
        "G1a": f"{reader} read {value!r} from {key}, which {other} wrote although it failed.",
        "G1b": f"{reader} read {value!r} from {key}, which was not the last that {other} wrote there.",
        "non-repeatable-read": f"{reader} read {key} twice and saw different versions.",
        "fractured-read": f"{reader} saw what {other} wrote to {pattern.other_key}, but not {value!r}, which the same "
        f"transaction wrote to {key}.",
        "fractured-read-process": f"{reader} read {key} without {value!r}, which {other} had written earlier in the "
        "same process.",
        "lost-update": f"{reader} and {other} both read the same version of {key} and both wrote it.",
    }
    return sentences[pattern.anomaly]
