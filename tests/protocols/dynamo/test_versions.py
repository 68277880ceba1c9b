"""Siblings, clocks, the ring and Merkle trees of a Dynamo-style store (DeCandia et al. 2007, sections 4.2 to 4.7)."""

from __future__ import annotations

import itertools
import random

from chaoslab_protocols.dynamo.merkle import Merkle, leaf_of
from chaoslab_protocols.dynamo.ring import Ring
from chaoslab_protocols.dynamo.versions import EMPTY, Object, merged, updated

NODES = ("n1", "n2", "n3", "n4", "n5")


def test_a_put_replaces_exactly_what_its_context_covers() -> None:
    """Section 4.4: what the client had not read stays beside it."""
    first = updated(EMPTY, (), "a", 1)
    both = updated(first, (), "a", 2)
    assert both.values == (1, 2)
    assert updated(both, first.clock, "a", 3).values == (2, 3)
    assert updated(both, both.clock, "a", 3).values == (3,)


def test_two_puts_with_one_context_at_one_coordinator_are_siblings() -> None:
    """A plain vector clock would take the second for a successor of the first."""
    read = updated(EMPTY, (), "a", 1)
    one = updated(read, read.clock, "a", 2)
    assert updated(one, read.clock, "a", 3).values == (2, 3)


def test_concurrent_puts_are_siblings_and_successors_replace_them() -> None:
    """The example of figure 3: D3 and D4 come from D2, and D5 reconciles them."""
    d2 = updated(updated(EMPTY, (), "Sx", "D1"), (("Sx", 1),), "Sx", "D2")
    d3 = updated(d2, d2.clock, "Sy", "D3")
    d4 = updated(d2, d2.clock, "Sz", "D4")
    siblings = merged(d3, d4)
    assert siblings.values == ("D3", "D4")
    d5 = updated(siblings, siblings.clock, "Sx", "D5")
    assert d5.clock == (("Sx", 3), ("Sy", 1), ("Sz", 1))
    for older in (d2, d3, d4, siblings):
        assert merged(d5, older) == merged(older, d5) == d5


def test_a_tombstone_is_a_clock_without_siblings() -> None:
    """It keeps what was deleted from coming back, and not what was put meanwhile."""
    old = updated(EMPTY, (), "a", 1)
    dead = updated(old, old.clock, "a")
    assert merged(dead, old) == dead == Object((("a", 1),), ())
    assert merged(dead, updated(old, (), "b", 2)).values == (2,)


def test_merging_is_commutative_associative_and_idempotent() -> None:
    """For any three replicas that put, delete and merge at random."""
    rng = random.Random(1)
    for _ in range(200):
        states = [EMPTY] * 3
        for value in range(12):
            place, other = rng.randrange(3), rng.randrange(3)
            if rng.random() < 0.4:
                states[place] = merged(states[place], states[other])
            else:
                values = () if rng.random() < 0.2 else (value,)
                states[place] = updated(states[place], states[other].clock, f"a{place}", *values)
        together = {merged(merged(states[a], states[b]), states[c]) for a, b, c in itertools.permutations(range(3))} | {
            merged(states[a], merged(states[b], states[c])) for a, b, c in itertools.permutations(range(3))
        }
        assert len(together) == 1
        assert merged(states[0], states[0]) == states[0]


def test_a_preference_list_is_the_first_n_distinct_nodes_clockwise() -> None:
    """Section 4.3; all nodes in the walk, for sloppy quorums."""
    ring = Ring(NODES, replicas=3)
    for number in range(50):
        walk = ring.walk(f"k{number}")
        assert sorted(walk) == sorted(NODES)
        assert ring.preference_list(f"k{number}") == walk[:3]
    assert {ring.walk(f"k{number}")[0] for number in range(50)} == set(NODES)


def test_a_node_that_leaves_moves_only_its_own_keys() -> None:
    """Section 4.2: consistent hashing."""
    before, after = Ring(NODES, replicas=1), Ring(NODES[:-1], replicas=1)
    for number in range(100):
        (owner,) = before.preference_list(f"k{number}")
        if owner != "n5":
            assert after.preference_list(f"k{number}") == (owner,)


def test_merkle_trees_differ_on_the_way_to_what_differs_and_nowhere_else() -> None:
    """Section 4.7: only those branches are sent."""
    objects = {f"k{number}": updated(EMPTY, (), "a", number) for number in range(40)}
    one = Merkle(objects.items())
    assert Merkle(reversed(list(objects.items()))).hashes == one.hashes
    objects["k7"] = updated(objects["k7"], (), "b", 0)
    differing = set(Merkle(objects.items()).differing(one.hashes.items()))
    leaf = leaf_of("k7")
    assert differing == {leaf, leaf >> 1, leaf >> 2, 1}
