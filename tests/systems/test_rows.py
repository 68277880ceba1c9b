"""What the text names has a scenario in which it holds and, where it has a limit, one that shows it: row by row.

Each row says by which words the scenario is found, in the topic that ``chaoslab list scenarios --json`` shows; a row
without a scenario is a failure here. Scenarios of systems, of fallacies and of what raises availability are run by the
tests beside this one; those of protocols are run here.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor

import attrs
import pytest
from typer.testing import CliRunner

from chaoslab.cli.main import app
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from tests.systems.test_availability import PAIRS
from tests.systems.test_every_system import ALL_LIMITS, HOLDING
from tests.systems.test_fallacies import NAMES


@attrs.frozen
class Row:
    """A row of the text.

    Attributes:
        words: Some of the topic of the scenario that holds.
        holds: The scenario in which it holds.
        limit: The one that shows its limit, or ``""``.
    """

    words: str
    holds: str
    limit: str = ""


def system(words: str, name: str) -> Row:
    return Row(words, f"systems/{name}/holds", f"systems/{name}/limit")


def raises(words: str, worse: str, better: str) -> Row:
    return Row(words, f"availability/{better}", f"availability/{worse}")


def fallacy(words: str, name: str) -> Row:
    return Row(f"fallacy: {words}", f"fallacies/{name}_doubter", f"fallacies/{name}_believer")


ROWS = {
    # Guarantees
    "strong: relational database, synchronous replica": system("strong consistency", "database_sync"),
    "strong: Spanner-like": system("strong consistency: Spanner-like", "spanner_like"),
    "strong: ZooKeeper-like": system("strong consistency: ZooKeeper-like", "zookeeper_like"),
    "strong: bank": system("strong consistency: a bank", "bank_transfers"),
    "eventual: Dynamo-like": system("eventual consistency: Dynamo-like", "dynamo_like"),
    "eventual: Cassandra-like": system("eventual consistency: Cassandra-like", "cassandra_like"),
    "eventual: DNS": system("eventual consistency: DNS", "name_service"),
    "read-your-writes: social feed": system("read-your-writes: social feed", "social_feed"),
    "read-your-writes: online banking": system("read-your-writes: online banking", "online_banking"),
    "read-your-writes: shop cart": system("read-your-writes", "shop_cart"),
    "monotonic reads: messenger": system("monotonic reads: messenger", "messenger"),
    "causal: chat": system("causal consistency: chat", "chat"),
    # The quiz
    "quiz: video comments": system("video comments (A)", "video_comments"),
    "quiz: photo feed": system("photo feed (A)", "photo_feed"),
    "quiz: shop cart": system("shop cart", "shop_cart"),
    "quiz: payment": system("payment (C)", "ride_payment"),
    "quiz: ride booking and receipt": system("ride booking (A)", "ride_booking"),
    "quiz: messaging": system("messenger", "messenger"),
    "quiz: cash machine": system("cash machine (C)", "cash_machine"),
    "quiz: online status": system("online status (A)", "online_status"),
    "quiz: shared documents": system("shared documents", "shared_document"),
    # What raises availability
    "availability: replication": raises("copies", "one_copy", "three_copies"),
    "availability: more nodes": raises("more nodes", "two_of_three_down", "two_of_five_down"),
    "availability: scaling out": raises("scalability", "overloaded_server", "scaled_out"),
    "availability: a cache": raises("a cache answers", "no_cache", "cache_in_front"),
    "availability: a load balancer": raises("redundancy", "balancer_without_checks", "balancer_with_checks"),
    "availability: failover": raises("a spare", "no_failover", "failover"),
    "availability: monitoring with restart": raises("health checks", "no_restart", "restart_on_failed_checks"),
    "availability: maintenance": raises("maintenance", "maintenance_at_once", "maintenance_rolling"),
    # Requirements
    "functional: sign-up is unique": system("sign-up is unique", "sign_up"),
    "functional: a payment happens once": system("a payment happens once", "ride_payment"),
    "functional: money is conserved": system("money conserved", "cash_machine"),
    "scalability": raises("scalability", "overloaded_server", "scaled_out"),
    "performance": raises("performance", "overloaded_server", "scaled_out"),
    "observability": raises("observability", "no_restart", "restart_on_failed_checks"),
    "reliability and durability": Row(
        "reliability and durability", "raft/leader_kills", "systems/database_async/limit"
    ),
    "fault tolerance": Row("fault tolerance", "multi_paxos/swarm", "availability/two_of_three_down"),
    "security: a forged message is refused": fallacy("the network is secure", "secure_network"),
    "cost": fallacy("transport cost is zero", "zero_transport_cost"),
    # The fallacies
    "fallacy: reliable": fallacy("the network is reliable", "reliable_network"),
    "fallacy: latency": fallacy("latency is zero", "zero_latency"),
    "fallacy: bandwidth": fallacy("bandwidth is infinite", "infinite_bandwidth"),
    "fallacy: secure": fallacy("the network is secure", "secure_network"),
    "fallacy: topology": fallacy("topology does not change", "stable_topology"),
    "fallacy: administrator": fallacy("there is one administrator", "one_administrator"),
    "fallacy: transport": fallacy("transport cost is zero", "zero_transport_cost"),
    "fallacy: homogeneous": fallacy("the network is homogeneous", "homogeneous_network"),
    # Kinds of system
    "client-server": system("architecture: client and server", "client_server"),
    "microservices": system("architecture: a chain of microservices", "call_chain"),
    "distributed database": system("Cassandra-like", "cassandra_like"),
    "peer-to-peer: gossip membership": system("architecture: peer to peer, membership", "peer_membership"),
    "peer-to-peer: DHT ring": system("architecture: peer to peer, a distributed hash table", "peer_ring"),
    "cloud service behind a load balancer": system("architecture: a stateless service", "load_balancer"),
    "cache in front": system("architecture: a cache in front", "content_delivery"),
    "big-data job": system("architecture: master and workers", "batch_job"),
    # Replication protocols
    "single copy": Row("availability: one node", "single_copy/crash", "availability/one_copy"),
    "primary-backup, synchronous": Row("durability", "primary_backup/synchronous_failover", "availability/no_failover"),
    "primary-backup, asynchronous": Row("asynchronous replication", "primary_backup/calm", "primary_backup/failover"),
    "chain replication": Row("chain replication", "chain_replication/servers_fail"),
    "CRAQ": Row("apportioned queries", "chain_replication/craq_dirty_reads"),
    "ABD": Row("strong consistency", "abd/partition"),
    "Dynamo-style quorum": Row("eventual consistency", "dynamo/every_fault", "dynamo/sloppy_quorum"),
    "last-write-wins": Row(
        "eventual consistency", "last_write_wins/every_fault", "last_write_wins/skewed_clock_loses_writes"
    ),
    "Raft: election": Row("elections", "raft/elections"),
    "Raft: log": Row("strong consistency", "raft/every_fault"),
    "Raft: snapshot": Row("compaction", "raft/snapshots"),
    "Raft: membership": Row("reconfiguration", "raft/membership"),
    "Raft: read index": Row("reads", "raft/partitions"),
    "Raft: leases": Row("lease", "raft/leases"),
    "Raft: pre-vote": Row("pre-vote", "raft/deaf_server"),
    "Multi-Paxos": Row("agreement", "multi_paxos/duelling_leaders"),
    "Viewstamped Replication": Row("split brain", "viewstamped/view_changes"),
    "ZAB-like broadcast": Row("a sync", "zab/every_fault", "zab/local_reads_are_stale"),
    "two-phase commit": Row("atomic commit", "two_phase_commit/every_fault", "systems/bank_transfers/limit"),
    "two-phase commit, replicated": Row("non-blocking", "two_phase_commit_replicated/coordinator_down"),
    "Spanner-like transactions": Row("commit wait", "spanner/wrong_clocks", "spanner/worse_clocks"),
    "Percolator-like transactions": Row("snapshot isolation", "percolator/every_fault", "percolator/write_skew"),
    "causal store": Row("causal consistency", "causal/question_and_reply", "causal/reads_stale"),
    "CRDTs: counters": Row("commute", "crdt/counter_every_fault", "crdt/counter_reads_stale"),
    "CRDTs: sets": Row("add wins", "crdt/set_every_fault"),
    "CRDTs: text": Row("collaborative editing", "crdt/text_every_fault"),
    "SWIM membership": Row("incarnations", "swim/crashes", "systems/peer_membership/limit"),
    "lock service with fencing": Row("fencing", "lock_service/late_holders", "lock_service/unfenced_holders"),
    "DNS hierarchy": Row("staleness", "dns/cut_off", "dns/reads_stale"),
    "cache hierarchy": Row("staleness", "cache/databases_cut_off", "systems/photo_feed/limit"),
}

STALE = {"stale read", "lost write", "new-old inversion", "not linearizable"}
LIMITS: dict[str, tuple[str, set[str]]] = {
    "primary_backup/failover": ("linearizable", STALE),
    "dynamo/sloppy_quorum": ("linearizable", STALE),
    "last_write_wins/skewed_clock_loses_writes": ("linearizable", {"lost write"}),
    "zab/local_reads_are_stale": ("linearizable", STALE),
    "spanner/worse_clocks": ("strict-serializable", {"G-single-realtime", "G1c-realtime", "G-nonadjacent-realtime"}),
    "percolator/write_skew": ("serializable", {"G2-item"}),
    "causal/reads_stale": ("linearizable", STALE),
    "crdt/counter_reads_stale": ("linearizable", {"wrong sum"}),
    "lock_service/unfenced_holders": ("linearizable", {"lost update"}),
    "dns/reads_stale": ("linearizable", STALE),
}
"""The limits of protocols: the check that fails, and the anomalies that it may be told as."""

ELSEWHERE = {f"fallacies/{name}_{belief}" for name in NAMES for belief in ("believer", "doubter")}
ELSEWHERE |= {f"availability/{name}" for pair in PAIRS for name in pair}
ELSEWHERE |= {*HOLDING, *(f"systems/{limit}" for limit in ALL_LIMITS)}
"""What the tests beside this one run."""

OWN = sorted({row.holds for row in ROWS.values()} - ELSEWHERE)


def outcome(job: tuple[str, int]) -> tuple[int, str, list[tuple[str, str | None]]]:
    """Return seed, verdict, and check and anomaly of what did not hold."""
    name, seed = job
    done = run(load_scenario(scenario_path(name), registry()), seed)
    return seed, done.verdict, [(one.name, one.anomaly) for one in done.checks if one.outcome != "valid"]


@pytest.fixture(scope="module")
def topics() -> dict[str, str]:
    """Return the topic of each scenario, as a person finds it."""
    listed = CliRunner().invoke(app, ["list", "scenarios", "--json"])
    return {one["name"]: one["topic"] for one in json.loads(listed.stdout)["items"]}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_found_by_its_topic(name: str, topics: dict[str, str]) -> None:
    """The scenario that holds by its words, and its limit by a topic of its own."""
    row = ROWS[name]
    assert row.words in topics[row.holds]
    assert not row.limit or topics[row.limit]


def test_the_limit_of_every_row_is_run() -> None:
    """Here, or beside."""
    assert {row.limit for row in ROWS.values() if row.limit} - ELSEWHERE == set(LIMITS)


@pytest.mark.parametrize("name", OWN)
def test_what_should_hold_holds(name: str) -> None:
    """With a seed; the campaign takes 200."""
    assert outcome((name, 300)) == (300, "valid", [])


@pytest.mark.parametrize("name", LIMITS)
def test_most_seeds_show_the_limit(name: str) -> None:
    """By the check and in the words that are stated."""
    found = [outcome((name, seed))[2] for seed in range(300, 309)]
    assert sum(LIMITS[name][0] in dict(failed) for failed in found) >= 5
    assert {anomaly for failed in found for _, anomaly in failed} <= LIMITS[name][1]


@pytest.mark.campaign
@pytest.mark.parametrize("name", OWN)
def test_what_should_hold_holds_with_many_seeds(name: str) -> None:
    """200 of them."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(outcome, [(name, seed) for seed in range(200)], chunksize=10))
    assert [one for one in found if one[1] != "valid"] == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", LIMITS)
def test_most_of_many_seeds_show_the_limit(name: str) -> None:
    """More than half of 200."""
    with ProcessPoolExecutor() as pool:
        found = [one[2] for one in pool.map(outcome, [(name, seed) for seed in range(200)], chunksize=10)]
    assert sum(LIMITS[name][0] in dict(failed) for failed in found) > 100
    assert {anomaly for failed in found for _, anomaly in failed} <= LIMITS[name][1]
