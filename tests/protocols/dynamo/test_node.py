"""A node of a Dynamo-style store, rule by rule (DeCandia et al. 2007, sections 4.3 to 4.7)."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Complete, Context, Effects, Invocation, Persist, Remove, Request, Response, Send
from chaoslab_protocols.dynamo.client import CartClient, RegisterClient, SiblingsClient
from chaoslab_protocols.dynamo.coordinator import Coordinator
from chaoslab_protocols.dynamo.messages import (
    Compare,
    Fetch,
    Fetched,
    Forward,
    Get,
    Got,
    Put,
    Store,
    Stored,
    Transfer,
)
from chaoslab_protocols.dynamo.ring import Ring
from chaoslab_protocols.dynamo.settings import Settings
from chaoslab_protocols.dynamo.versions import EMPTY, Object, updated

NODES = ("n1", "n2", "n3", "n4", "n5")
WALK = Ring(NODES, replicas=3).walk("x")
FIRST, SECOND, THIRD, STAND_IN, LAST = WALK


class Dice:
    """Draws for a machine that is driven by hand: counts up."""

    def __init__(self) -> None:
        self.drawn = 0

    def below(self, bound: int) -> int:
        self.drawn += 1
        return self.drawn

    def pick(self, options: Any) -> Any:
        return options[0]


def context(name: str, settings: Settings | None = None, files: dict[str, bytes] | None = None) -> Context:
    return Context(
        name=name,
        nodes=NODES,
        settings=settings or Settings(),
        files=files or {},
        wall_time=lambda: 0.0,
        monotonic_time=lambda: 0.0,
        home="n1",
        random=Dice(),  # type: ignore[arg-type]
    )


def node(name: str = FIRST, files: dict[str, bytes] | None = None, **settings: Any) -> Coordinator:
    return Coordinator(context(name, Settings(**settings), files))


def put(number: int, *values: Any, over: Object = EMPTY) -> Request:
    return Request(number, Put("x", values, over.clock))


def sent(effects: Effects, kind: type) -> list[tuple[str, Any]]:
    """Return the messages of *kind* in *effects*, with whom they go to."""
    return [(one.to, one.message) for one in effects or () if isinstance(one, Send) and isinstance(one.message, kind)]


def disk(effects: Effects) -> dict[str, bytes]:
    """Return the files that *effects* write."""
    return {one.path: one.data for one in effects or () if isinstance(one, Persist)}


def test_a_put_is_answered_when_w_nodes_have_it() -> None:
    """Section 4.5: the coordinator is one of them, and stores it first."""
    one = node()
    effects = one.message("c1", put(1, 7)) or ()
    assert isinstance(effects[0], Persist)
    stores = sent(effects, Store)
    assert [to for to, _ in stores] == [SECOND, THIRD]
    assert not sent(effects, Response)
    store = stores[0][1]
    effects = one.message(SECOND, Stored(store.id, "x", store.object.clock))
    assert sent(effects, Response) == [("c1", Response(1))]


def test_who_does_not_keep_a_key_forwards_the_put() -> None:
    """Section 4.5: to the first node of the preference list that is not suspected."""
    one = node(LAST)
    assert sent(one.message("c1", put(1, 7)), Forward) == [(FIRST, Forward("c1", put(1, 7)))]
    one.suspected[FIRST] = None
    assert [to for to, _ in sent(one.message("c1", put(2, 8)), Forward)] == [SECOND]


def test_if_no_keeper_can_be_reached_whoever_is_asked_takes_the_put_with_hints() -> None:
    """Section 4.6: always writeable."""
    one = node(LAST)
    one.suspected.update(dict.fromkeys((FIRST, SECOND, THIRD)))
    one.message("c1", put(1, 7))
    assert one.object("x").values == (7,)
    assert one.hints["x"] == tuple(sorted((FIRST, SECOND, THIRD)))


def test_the_next_node_on_the_ring_stands_in_for_one_that_does_not_answer() -> None:
    """Section 4.6: with a hint that says for whom; and the other is suspected from then on."""
    one = node()
    store = sent(one.message("c1", put(1, 7)), Store)[0][1]
    one.message(SECOND, Stored(store.id, "x", store.object.clock))
    effects = one.timer(f"operation {store.id}")
    assert [(to, message.hints) for to, message in sent(effects, Store)] == [(STAND_IN, (THIRD,))]
    assert list(one.suspected) == [THIRD]


def test_without_sloppy_nobody_stands_in() -> None:
    """A strict quorum: the put is not answered."""
    one = node(sloppy=False)
    store = sent(one.message("c1", put(1, 7)), Store)[0][1]
    assert one.timer(f"operation {store.id}") == []


def test_a_hinted_replica_is_kept_until_the_node_that_it_is_for_has_it() -> None:
    """Section 4.6: sent again and again; a restart does not forget it."""
    stand_in = node(STAND_IN)
    new = updated(EMPTY, (), "a", 7)
    files = disk(stand_in.message(FIRST, Store(1, "x", new, (THIRD,))))
    for one in (stand_in, node(STAND_IN, files)):
        for _ in range(2):
            assert sent(one.timer("handoff"), Store) == [(THIRD, Store(0, "x", new))]
        assert one.message(THIRD, Stored(0, "x", EMPTY.clock)) == []
        effects = one.message(THIRD, Stored(0, "x", new.clock)) or ()
        assert Remove("key x") in effects
        assert one.object("x") == EMPTY


def test_who_kept_nothing_of_a_key_numbers_under_a_new_name() -> None:
    """Numbers of one name never begin anew: others would take the new value for one long overwritten."""
    one = node()
    first = one.actor("x")
    assert one.actor("x") == first
    one.message("c1", put(1, 7))
    one.drop("x")
    assert one.actor("x") != first


def test_a_get_returns_all_siblings_that_r_nodes_have() -> None:
    """Section 4.5; with a context that covers them."""
    one = node()
    one.store("x", updated(EMPTY, (), "a", 1))
    id = sent(one.message("c1", Request(1, Get("x"))), Fetch)[0][1].id
    effects = one.message(SECOND, Fetched(id, updated(EMPTY, (), "b", 2)))
    assert sent(effects, Response) == [("c1", Response(1, Got((1, 2), (("a", 1), ("b", 1)))))]


def test_a_get_brings_those_up_to_date_that_were_behind() -> None:
    """Section 5: read repair, once all have answered or nobody is waited for any longer."""
    one = node()
    new = updated(EMPTY, (), "a", 1)
    id = sent(one.message("c1", Request(1, Get("x"))), Fetch)[0][1].id
    one.message(SECOND, Fetched(id, new))
    effects = one.message(THIRD, Fetched(id, EMPTY))
    assert sent(effects, Store) == [(THIRD, Store(0, "x", new))]
    assert one.object("x") == new


def test_a_put_that_comes_twice_is_one_put() -> None:
    """What it put may have been overwritten since; a restart does not forget that either."""
    one = node()
    files = disk(one.message("c1", put(1, 7)))
    for again in (one, node(files=files)):
        assert again.message("c1", put(1, 7)) is None
        assert again.object("x").values == (7,)


def test_anti_entropy_goes_down_to_the_leaves_that_differ_and_makes_both_equal() -> None:
    """Section 4.7: two nodes talk until neither has anything to say."""
    nodes = {name: node(name) for name in (FIRST, SECOND)}
    nodes[FIRST].store("x", updated(EMPTY, (), "a", 1))
    nodes[SECOND].store("x", updated(EMPTY, (), "b", 2))
    waiting = [(FIRST, SECOND, Compare(((1, nodes[FIRST].tree(SECOND).hashes[1]),)))]
    kinds = []
    while waiting:
        sender, to, message = waiting.pop()
        kinds.append(type(message))
        replies = [one for one in nodes[to].message(sender, message) or () if isinstance(one, Send)]
        waiting += [(to, one.to, one.message) for one in replies]
    assert nodes[FIRST].object("x") == nodes[SECOND].object("x")
    assert kinds.count(Transfer) == 2
    root = Compare(((1, nodes[FIRST].tree(SECOND).hashes[1]),))
    assert nodes[SECOND].message(FIRST, root) == []


def test_a_client_puts_over_what_it_got_and_says_so() -> None:
    """Section 4.4: the context of the get goes with the put."""
    client = SiblingsClient(context("c1"))
    client.invoke(Invocation(f="replace", key="x", value=9))
    effects = client.message("n1", Response(client.request, Got((2, 1), (("a", 2),))))
    assert [one.body for _, one in sent(effects, Request)] == [Put("x", (9,), (("a", 2),))]
    assert client.message("n1", Response(client.request)) == [Complete("ok", result=[1, 2], node="n1")]


def test_a_cart_joins_siblings_and_a_register_takes_one() -> None:
    """Section 4.4: how to reconcile is the application's business."""
    cart, register = CartClient(context("c1")), RegisterClient(context("c1"))
    assert cart.shown(((1, 2), (2, 3))) == [1, 2, 3]
    assert cart.put_over("add", 4, ((1,), (2,))) == ((1, 2, 4),)
    assert cart.put_over("remove", 1, ((1,), (2,))) == ((2,),)
    assert (register.shown((4, 6)), register.shown(())) == (6, None)


def test_a_get_without_an_answer_is_a_failure_and_a_put_is_not_known() -> None:
    """As a put may still be carried out."""
    client = SiblingsClient(context("c1"))
    client.invoke(Invocation(f="clear", key="x"))
    assert client.timer("timeout") == [Complete("fail", error="timed out")]
    client.invoke(Invocation(f="clear", key="x"))
    client.message("n2", Response(client.request, Got((1,), (("a", 1),))))
    assert client.timer("timeout") == [Complete("info", result=[1], error="timed out")]


def test_more_answers_than_replicas_cannot_be_asked_for() -> None:
    """R and W are from 1 to N."""
    with pytest.raises(UsageError, match="from 1 to replicas"):
        Settings(writes=4)
    with pytest.raises(UsageError, match="longer than nothing"):
        Settings(handoff_ns=0)
