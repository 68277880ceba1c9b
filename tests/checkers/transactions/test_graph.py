"""Components, shortest cycles and closures, against what a small graph shows directly."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.transactions.graph import Timeline, components, shortest_cycle
from chaoslab.checkers.transactions.order_closure import Closure, closure, cycle_in, path_in

NODES = 7

graphs = st.sets(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda edge: edge[0] != edge[1])
)
intervals = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair))),
    min_size=NODES,
    max_size=NODES,
)


def reachable(edges: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the transitive closure."""
    found = set(edges)
    for k, i, j in product(range(NODES), repeat=3):
        if (i, k) in found and (k, j) in found:
            found.add((i, j))
    return found


def successors_of(edges: set[tuple[int, int]]) -> dict[int, list[int]]:
    """Return the successors of each node."""
    return {node: sorted(target for source, target in edges if source == node) for node in range(NODES)}


def cycle_length(edges: set[tuple[int, int]]) -> int:
    """Return the length of the shortest cycle, 0 if there is none."""
    walks = set(edges)
    for length in range(2, NODES + 1):
        walks = {(i, j) for i, k in walks for source, j in edges if source == k}
        if any(i == j for i, j in walks):
            return length
    return 0


@given(graphs, intervals, st.booleans())
def test_components_are_what_reaches_each_other(
    edges: set[tuple[int, int]], times: list[tuple[int, int]], timed: bool
) -> None:
    """With and without edges of real time, and each shortest cycle is as short as can be."""
    begins = [2 * begin for begin, _ in times]
    ends = {node: 2 * end + 1 for node, (_, end) in enumerate(times)}
    by_begin = sorted(range(NODES), key=lambda node: begins[node])
    timeline = Timeline([begins[node] for node in by_begin], by_begin, ends) if timed else None
    real = {(i, j) for i in range(NODES) for j in range(NODES) if ends[i] < begins[j]} if timed else set()
    reach = reachable(edges | real)
    expected = {tuple(j for j in range(NODES) if j == i or ((i, j) in reach and (j, i) in reach)) for i in range(NODES)}
    following = successors_of(edges)
    found = components(range(NODES), following.__getitem__, timeline)
    assert sorted(map(tuple, found)) == sorted(one for one in expected if len(one) > 1)
    shortest = [shortest_cycle(part, following.__getitem__, timeline) for part in found]
    for cycle in shortest:
        steps = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
        assert all(step in edges | real for step in steps)
    assert min(map(len, shortest), default=0) == cycle_length(edges | real)


@given(graphs)
def test_a_closure_is_all_that_comes_after_or_a_cycle(edges: set[tuple[int, int]]) -> None:
    """The covers are edges from which all others follow."""
    direct = [sum(1 << target for source, target in edges if source == node) for node in range(NODES)]
    reach = reachable(edges)
    known = closure(direct)
    if not isinstance(known, Closure):
        shorter = cycle_in(direct, known)
        assert len(shorter) <= len(known)
        for cycle in (known, shorter):
            assert all(step in edges for step in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        return
    assert all((i, i) not in reach for i in range(NODES))
    for i, j in product(range(NODES), repeat=2):
        assert bool(known.after[i] >> j & 1) == bool(known.before[j] >> i & 1) == ((i, j) in reach)
    covers = {(i, j) for i, targets in enumerate(known.covers) for j in targets}
    assert covers <= edges
    assert reachable(covers) == reach


@given(graphs, st.integers(0, NODES - 1), st.integers(0, NODES - 1))
def test_paths_are_found_where_there_are_any(edges: set[tuple[int, int]], start: int, goal: int) -> None:
    """Of at least one edge, also back to the start."""
    direct = [sum(1 << target for source, target in edges if source == node) for node in range(NODES)]
    path = path_in(direct, start, goal)
    assert (path is not None) == ((start, goal) in reachable(edges))
    if path is not None:
        assert (path[0], path[-1]) == (start, goal)
        assert all(step in edges for step in pairwise(path))
