"""Percolator with one mistake each."""

from __future__ import annotations

from chaoslab.statemachine import Send
from chaoslab_protocols.percolator.client import Client
from chaoslab_protocols.percolator.messages import Cleanup, Lock
from chaoslab_protocols.percolator.oracle import TimestampOracle
from chaoslab_protocols.percolator.rows import Row
from chaoslab_protocols.percolator.server import Server
from chaoslab_protocols.percolator.shard import Shard
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="percolator", client=Client)
CHECK = "snapshot-isolation"


class NeedsNoLock(Shard):
    def may_commit(self, row: Row, start_ts: int) -> bool:
        return True


@PLANTED.mutant(
    "PC1",
    "a commit does not look whether its primary lock is still there: others may have rolled it back",
    source="Peng & Dabek 2010, section 2.2 and figure 6, Commit",
    scenario="percolator/every_fault",
    check=CHECK,
)
class CommitsWhatIsRolledBack(Server):
    shard_class = NeedsNoLock


class BeginsItsBlockAnew(TimestampOracle):
    def first_of_an_incarnation(self) -> int:
        return max(0, self.allocated - self.settings.block)


@PLANTED.mutant(
    "PC2",
    "an oracle that has restarted begins its last block anew, instead of behind it: timestamps go back",
    source="Peng & Dabek 2010, section 2.3",
    scenario="percolator/oracle_restarts",
    check=CHECK,
)
class TimestampsGoBack(Server):
    oracle_class = BeginsItsBlockAnew


class LooksAtLocksOnly(Shard):
    def is_newer(self, row: Row, start_ts: int) -> bool:
        return False


@PLANTED.mutant(
    "PC3",
    "a prewrite does not look for writes that are newer than its snapshot: an update is lost",
    source="Peng & Dabek 2010, section 2.2 and figure 6, Prewrite",
    scenario="percolator/every_fault",
    check=CHECK,
)
class LosesUpdates(Server):
    shard_class = LooksAtLocksOnly


class ReadsPastLocks(Shard):
    def is_in_the_way(self, row: Row, start_ts: int) -> bool:
        return False


@PLANTED.mutant(
    "PC4",
    "a read does not wait for locks below its timestamp: its snapshot shows one half of a transaction",
    source="Peng & Dabek 2010, section 2.2 and figure 6, Get",
    scenario="percolator/every_fault",
    check=CHECK,
)
class IgnoresLocks(Server):
    shard_class = ReadsPastLocks


@PLANTED.mutant(
    "PC5",
    "who meets an old lock judges by that lock, not by its primary: half of a committed transaction is rolled back",
    source="Peng & Dabek 2010, section 2.2: the primary lock",
    scenario="percolator/every_fault",
    check=CHECK,
)
class AsksTheWrongRow(Client):
    def judge(self, key: str, lock: Lock) -> Send:
        return self.call(Cleanup(lock.start_ts, key))


class ForgetsRollbacks(Shard):
    def conflict(self, row: Row, start_ts: int) -> str | None:
        row.rolled_back.pop(start_ts, None)
        return super().conflict(row, start_ts)


@PLANTED.mutant(
    "PC6",
    "what was rolled back leaves no record: a prewrite that arrives late locks again, and may be committed",
    source="TiKV: rollback records in the write column",
    scenario="percolator/every_fault",
    check=CHECK,
)
class LocksAgain(Server):
    shard_class = ForgetsRollbacks


MUTANTS = PLANTED.all()
