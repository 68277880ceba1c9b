"""Replication protocols under test, correct and readable: each a folder with its code, client, claims and budget.

Rules:

1. A protocol is a state machine. No module here imports trio, asyncio, random or time.
2. The names are the paper's names; the docstring says which paper and section, and what was left out.
3. A folder has ``PROTOCOLS`` and, where mistakes are planted in it, a module ``mutants`` with ``MUTANTS``.
"""

from importlib import import_module
from importlib.util import find_spec

from chaoslab.plugins import Mutant, Protocol, hookimpl

__all__ = ["FOLDERS", "chaoslab_mutants", "chaoslab_protocols"]

FOLDERS = (
    "abd",
    "cache",
    "causal",
    "chain_replication",
    "chord",
    "crdt",
    "dns",
    "dynamo",
    "last_write_wins",
    "lock_service",
    "log_store",
    "multi_paxos",
    "percolator",
    "primary_backup",
    "raft",
    "single_copy",
    "spanner",
    "swim",
    "two_phase_commit",
    "two_phase_commit_replicated",
    "viewstamped",
    "zab",
)


@hookimpl
def chaoslab_protocols() -> list[Protocol]:
    """Return the protocols of this package."""
    return [one for folder in FOLDERS for one in import_module(f"{__name__}.{folder}").PROTOCOLS]


@hookimpl
def chaoslab_mutants() -> list[Mutant]:
    """Return the mutants of these protocols."""
    modules = [f"{__name__}.{folder}.mutants" for folder in FOLDERS]
    return [one for module in modules if find_spec(module) for one in import_module(module).MUTANTS]
