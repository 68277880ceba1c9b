"""Mistakes that real implementations of Raft have made, each planted in the correct replica or client."""

from __future__ import annotations

from chaoslab.plugins import Mutant
from chaoslab_protocols.raft.mutants import clients, elections, logs, membership, reads, storage
from chaoslab_protocols.raft.mutants.planted import PLANTED

__all__ = ["MUTANTS", "clients", "elections", "logs", "membership", "reads", "storage"]

MUTANTS: tuple[Mutant, ...] = tuple(sorted(PLANTED.all(), key=lambda mutant: int(mutant.id[1:])))
"""In the order of their numbers."""
