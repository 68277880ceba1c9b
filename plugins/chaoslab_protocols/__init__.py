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
    causal,
    chain_replication,
    crdt,
    dns,
    dynamo,
    last_write_wins,
    lock_service,
    log_store,
    multi_paxos,
    primary_backup,
    raft,
    single_copy,
    spanner,
    swim,
    two_phase_commit,
    two_phase_commit_replicated,
    viewstamped,
    zab,
)
from chaoslab_protocols.abd import mutants as abd_mutants
from chaoslab_protocols.cache import mutants as cache_mutants
from chaoslab_protocols.causal import mutants as causal_mutants
from chaoslab_protocols.chain_replication import mutants as chain_replication_mutants
from chaoslab_protocols.crdt import mutants as crdt_mutants
from chaoslab_protocols.dns import mutants as dns_mutants
from chaoslab_protocols.dynamo import mutants as dynamo_mutants
from chaoslab_protocols.last_write_wins import mutants as last_write_wins_mutants
from chaoslab_protocols.lock_service import mutants as lock_service_mutants
from chaoslab_protocols.log_store import mutants as log_store_mutants
from chaoslab_protocols.multi_paxos import mutants as multi_paxos_mutants
from chaoslab_protocols.primary_backup import mutants as primary_backup_mutants
from chaoslab_protocols.raft import mutants as raft_mutants
from chaoslab_protocols.spanner import mutants as spanner_mutants
from chaoslab_protocols.swim import mutants as swim_mutants
from chaoslab_protocols.two_phase_commit import mutants as two_phase_commit_mutants
from chaoslab_protocols.two_phase_commit_replicated import mutants as two_phase_commit_replicated_mutants
from chaoslab_protocols.viewstamped import mutants as viewstamped_mutants
from chaoslab_protocols.zab import mutants as zab_mutants

__all__ = ["chaoslab_mutants", "chaoslab_protocols"]

FOLDERS: tuple[ModuleType, ...] = (
    abd,
    cache,
    causal,
    chain_replication,
    crdt,
    dns,
    dynamo,
    last_write_wins,
    lock_service,
    log_store,
    multi_paxos,
    primary_backup,
    raft,
    single_copy,
    spanner,
    swim,
    two_phase_commit,
    two_phase_commit_replicated,
    viewstamped,
    zab,
)
PLANTED: tuple[ModuleType, ...] = (
    abd_mutants,
    cache_mutants,
    causal_mutants,
    chain_replication_mutants,
    crdt_mutants,
    dns_mutants,
    dynamo_mutants,
    last_write_wins_mutants,
    lock_service_mutants,
    log_store_mutants,
    multi_paxos_mutants,
    primary_backup_mutants,
    raft_mutants,
    spanner_mutants,
    swim_mutants,
    two_phase_commit_mutants,
    two_phase_commit_replicated_mutants,
    viewstamped_mutants,
    zab_mutants,
)


@hookimpl
def chaoslab_protocols() -> list[Protocol]:
    """Return the protocols of this package."""
    return [protocol for folder in FOLDERS for protocol in folder.PROTOCOLS]


@hookimpl
def chaoslab_mutants() -> list[Mutant]:
    """Return the mutants of these protocols."""
    return [mutant for module in PLANTED for mutant in module.MUTANTS]
