"""Sign-up: a user name is given to one person, however many ask for it at the same time.

``sign-up`` asks Raft for the name if it is free, in one step. ``sign-up-async`` asks a database with an asynchronous
replica: cut off from each other, both of its servers find the name free.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_protocols import primary_backup, raft
from chaoslab_systems.promises import once

__all__ = ["PROTOCOLS", "WORKLOADS"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the sign-up workload."""

    reads: float = parameter(RATIO, "The share of operations that look whose a name is.", default=0.3)
    people: int = parameter(COUNT, "How many people want the same name.", default=4)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    name = view.keys[0]
    while True:
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=name)
        else:
            person = view.unique()
            name = f"{view.random.pick(view.keys)}{person // (max(1, parameters.people) * len(view.keys))}"
            yield Invocation(f="cas", key=name, value=(None, person))


WORKLOADS = (
    Workload(
        name="sign-ups",
        summary="people sign up under names that others want too, and look whose a name is",
        model="cas-register",
        operations=_operations,
        parameters=Parameters,
        checks=once(
            "cas",
            "unique-names",
            "name given twice",
            lambda key, one, other: f"the name {key} was given to {one[1]}, and then to {other[1]}.",
        ),
    ),
)

PROTOCOLS = (
    attrs.evolve(
        raft.PROTOCOLS[0],
        name="sign-up",
        summary="names given out by Raft, if they are free: a name has one owner",
        serves=("sign-ups",),
    ),
    attrs.evolve(
        primary_backup.PROTOCOLS[0],
        name="sign-up-async",
        summary="names given out by a database with an asynchronous replica: cut off, both sides give the same name",
        serves=("sign-ups",),
    ),
)
