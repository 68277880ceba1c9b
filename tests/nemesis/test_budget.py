"""What a budget says of faults that stay after they are healed."""

from __future__ import annotations

import trio

import chaoslab as cl
from chaoslab.faults import BitRot, Join, TwoAdministrators
from chaoslab.nemesis import Budget, Nemesis, Step

S = 1_000_000_000


async def silent(node: cl.Node) -> None:
    async for _ in node:
        pass


def test_disks_rot_at_a_minority_in_a_run() -> None:
    """What has rotted counts on when the fault is over; the same node may be hit again."""

    async def main(cluster: cl.Cluster) -> tuple[list[str], list[str]]:
        cluster.start(silent, nodes=3)
        hit = [("n1", 0), ("n2", 2), ("n1", 4)]
        plan = [
            Step(name=f"rot {at}", fault=BitRot(ratio=0.5), target=node, begin_ns=at * S, end_ns=(at + 1) * S)
            for node, at in hit
        ]
        nemesis = Nemesis(cluster, tuple(plan), Budget(storage=("bit-rot",), bit_rot="minority"))
        nemesis.begin()
        await trio.sleep(6)
        return [one.targets[0] for one in cluster.injections], [one.why for one in nemesis.not_done]

    done, refused = cl.run(main)
    assert done == ["n1", "n1"]
    assert refused == [
        "at n2 it would exceed the protocol's budget: the disks of 2 of 3 nodes would have rotted, 1 may"
    ]


def test_nobody_leaves_if_too_many_of_the_others_have_rotted() -> None:
    """A change of members may take one away for some time."""
    budget = Budget(storage=("bit-rot",), bit_rot="minority", membership=True)
    assert budget.refusal(Join(), 4, rotten=1) is None
    assert budget.refusal(Join(), 3, rotten=1) == "with 2 nodes, the disks of 1 of them would have rotted"
    assert budget.refusal(TwoAdministrators(first="leave", second="leave"), 4, rotten=1) is not None
    assert Budget(membership=True).refusal(Join(), 3, rotten=3) is None
