"""Replication protocols under test, correct and readable: each a folder with its code, client, claims and budget.

Rules:

1. A protocol is a state machine. No module here imports trio, asyncio, random or time.
2. The names are the paper's names; the docstring says which paper and section, and what was left out.
3. A folder has ``PROTOCOLS`` and, where mistakes are planted in it, a module ``mutants`` with ``MUTANTS``.
"""

from types import ModuleType

from chaoslab.plugins import Mutant, Protocol, hookimpl
from chaoslab_protocols import (
    abd,
    cache,
    crdt,
    dns,
    last_write_wins,
    log_store,
    multi_paxos,
    primary_backup,
    raft,
    single_copy,
    viewstamped,
)
from chaoslab_protocols.abd import mutants as abd_mutants
from chaoslab_protocols.cache import mutants as cache_mutants
from chaoslab_protocols.crdt import mutants as crdt_mutants
from chaoslab_protocols.dns import mutants as dns_mutants
from chaoslab_protocols.last_write_wins import mutants as last_write_wins_mutants
from chaoslab_protocols.log_store import mutants as log_store_mutants
from chaoslab_protocols.multi_paxos import mutants as multi_paxos_mutants
from chaoslab_protocols.raft import mutants as raft_mutants
from chaoslab_protocols.viewstamped import mutants as viewstamped_mutants

__all__ = ["chaoslab_mutants", "chaoslab_protocols"]

FOLDERS: tuple[ModuleType, ...] = (
    abd,
    cache,
    crdt,
    dns,
    last_write_wins,
    log_store,
    multi_paxos,
    primary_backup,
    raft,
    single_copy,
    viewstamped,
)
PLANTED: tuple[ModuleType, ...] = (
    abd_mutants,
    cache_mutants,
    crdt_mutants,
    dns_mutants,
    last_write_wins_mutants,
    log_store_mutants,
    multi_paxos_mutants,
    raft_mutants,
    viewstamped_mutants,
)


@hookimpl
def chaoslab_protocols() -> list[Protocol]:
    """Return the protocols of this package."""
    return [protocol for folder in FOLDERS for protocol in folder.PROTOCOLS]


@hookimpl
def chaoslab_mutants() -> list[Mutant]:
    """Return the mutants of these protocols."""
    return [mutant for module in PLANTED for mutant in module.MUTANTS]
