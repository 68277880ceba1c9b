"""Replication protocols under test, correct and readable: each a folder with its code, client, claims and budget.

Rules:

1. A protocol is a state machine. No module here imports trio, asyncio, random or time.
2. The names are the paper's names; the docstring says which paper and section, and what was left out.
"""

from chaoslab.plugins import Mutant, Protocol, hookimpl
from chaoslab_protocols import abd, crdt, last_write_wins, multi_paxos, primary_backup, raft, single_copy, viewstamped
from chaoslab_protocols.abd.mutants import PLANTED as ABD_MUTANTS
from chaoslab_protocols.crdt.mutants import MUTANTS as CRDT_MUTANTS
from chaoslab_protocols.last_write_wins.mutants import MUTANTS as LAST_WRITE_WINS_MUTANTS
from chaoslab_protocols.multi_paxos.mutants import PLANTED as MULTI_PAXOS_MUTANTS
from chaoslab_protocols.viewstamped.mutants import PLANTED as VIEWSTAMPED_MUTANTS

__all__ = ["chaoslab_mutants", "chaoslab_protocols"]


@hookimpl
def chaoslab_protocols() -> list[Protocol]:
    """Return the protocols of this package."""
    return [
        abd.PROTOCOL,
        *crdt.PROTOCOLS,
        *last_write_wins.PROTOCOLS,
        multi_paxos.PROTOCOL,
        primary_backup.PROTOCOL,
        raft.PROTOCOL,
        single_copy.PROTOCOL,
        viewstamped.PROTOCOL,
    ]


@hookimpl
def chaoslab_mutants() -> list[Mutant]:
    """Return the mutants of these protocols."""
    return [
        *ABD_MUTANTS.all(),
        *CRDT_MUTANTS,
        *LAST_WRITE_WINS_MUTANTS,
        *MULTI_PAXOS_MUTANTS.all(),
        *raft.MUTANTS,
        *VIEWSTAMPED_MUTANTS.all(),
    ]
