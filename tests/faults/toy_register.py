"""A register on quorums whose members can change, right and in several ways wrong: prey for faults of administration.

Any node coordinates reads and writes, in two rounds each, as ABD does. The members are a configuration with an epoch,
which travels with every message; a node answers only within the highest epoch that it knows. Only n1 changes members,
one at a time, and first reads and writes back the value in the new configuration: from then on no quorum of the old one
can be found, and every quorum of the new one knows the value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from chaoslab.parameters import COUNT, parameter
from chaoslab.plugins import Registry, registry
from chaoslab.statemachine import Context, Effect, Effects, Invocation, Request, Send, SetTimer, reply

__all__ = ["Settings", "ToyRegister", "toy_register", "with_toy"]

Version = tuple[int, str, int]


@attrs.frozen
class Config:
    epoch: int
    members: tuple[str, ...]


@attrs.frozen
class Query:
    config: Config
    id: int


@attrs.frozen
class Store:
    config: Config
    id: int
    version: Version
    value: Any


@attrs.frozen
class Answer:
    config: Config
    id: int
    version: Version
    value: Any


@attrs.frozen(kw_only=True)
class Settings:
    quorum: int = parameter(COUNT, "How many answers are enough; 0: more than half of the members.", default=0)
    epoch: int = parameter(COUNT, "Only an example of a setting.", default=0)


@attrs.define
class Round:
    """One operation that is going on: the answers to its present round."""

    config: Config
    invocation: Invocation
    done: Callable[[Any], list[Effect]]
    storing: bool = False
    answers: dict[str, Answer] = attrs.field(factory=dict)


class ToyRegister:
    """One node.

    Args:
        context: Where it runs.
        counts_old_list: Wrong: a quorum is counted by the members of the beginning, not by those of today.
        anyone: Wrong: any node changes the members, at once, without waiting for an earlier change to be done.
        forgets: Wrong: the value is not carried into the new configuration.
    """

    def __init__(
        self, context: Context, *, counts_old_list: bool = False, anyone: bool = False, forgets: bool = False
    ) -> None:
        self.name = context.name
        self.first = context.nodes
        self.settings = context.settings
        self.counts_old_list, self.anyone, self.forgets = counts_old_list, anyone, forgets
        self.config = Config(0, context.nodes)
        self.version: Version = (0, "", 0)
        self.value: Any = None
        self.rounds: dict[int, Round] = {}
        self.number = 0
        self.changing: int | None = None

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.request(sender, message)
        if message.config.epoch > self.config.epoch:
            self.adopt(message.config)
        if isinstance(message, Answer):
            return self.answer(sender, message)
        if message.config == self.config and isinstance(message, Store) and message.version > self.version:
            self.version, self.value = message.version, message.value
        return [Send(sender, Answer(self.config, message.id, self.version, self.value))]

    def timer(self, name: str) -> Effects:
        if self.changing is None:
            return None
        return [*self.ask(self.changing), SetTimer("again", 0.3)]

    def request(self, sender: str, request: Request) -> Effects:
        f = request.body.f
        if f not in ("join", "leave"):
            return self.ask(self.begin(request.body, lambda value: [reply(sender, request, value)]))
        if not self.anyone and (self.name != "n1" or self.changing is not None):
            return [reply(sender, request, error="ask n1, later")]
        node, members = request.body.value, self.config.members
        if (node in members) == (f == "join"):
            return [reply(sender, request)]
        members = (*members, node) if f == "join" else tuple(one for one in members if one != node)
        self.adopt(Config(self.config.epoch + 1, members))
        if self.anyone or self.forgets:
            query = Query(self.config, -1)
            return [*(Send(member, query) for member in members), reply(sender, request)]
        self.changing = self.begin(Invocation(f="read"), lambda value: self.changed(sender, request))
        return [*self.ask(self.changing), SetTimer("again", 0.3)]

    def changed(self, sender: str, request: Request) -> list[Effect]:
        self.changing = None
        return [reply(sender, request)]

    def adopt(self, config: Config) -> None:
        """Live in *config*; what was going on in an earlier one gets no answer."""
        self.config = config
        self.rounds = {}

    def begin(self, invocation: Invocation, done: Callable[[Any], list[Effect]]) -> int:
        self.number += 1
        self.rounds[self.number] = Round(self.config, invocation, done)
        return self.number

    def ask(self, number: int) -> list[Effect]:
        """Return the messages of the present round of an operation."""
        going_on = self.rounds.get(number)
        if going_on is None:
            return []
        if not going_on.storing:
            return [Send(member, Query(self.config, number)) for member in going_on.config.members]
        version, value = self.latest(going_on)
        return [Send(member, Store(self.config, number, version, value)) for member in going_on.config.members]

    def latest(self, going_on: Round) -> tuple[Version, Any]:
        latest = max(going_on.answers.values(), key=lambda answer: answer.version)
        if going_on.invocation.f == "write":
            return (latest.version[0] + 1, self.name, self.number), going_on.invocation.value
        return latest.version, latest.value

    def quorum(self) -> int:
        if self.settings is not None and self.settings.quorum:
            return int(self.settings.quorum)
        return len(self.first if self.counts_old_list else self.config.members) // 2 + 1

    def answer(self, sender: str, answer: Answer) -> Effects:
        going_on = self.rounds.get(answer.id)
        if going_on is None or answer.config != going_on.config or sender not in going_on.config.members:
            return None
        if not going_on.storing:
            going_on.answers[sender] = answer
            if len(going_on.answers) < self.quorum():
                return None
            going_on.storing = True
            self.number += 1
            version, value = self.latest(going_on)
            stored = Round(going_on.config, Invocation(f="read", value=value), going_on.done, storing=True)
            stored.answers[""] = Answer(going_on.config, self.number, version, value)
            del self.rounds[answer.id]
            self.rounds[self.number] = stored
            if self.changing == answer.id:
                self.changing = self.number
            return self.ask(self.number)
        going_on.answers[sender] = answer
        if len(going_on.answers) - 1 < self.quorum():
            return None
        del self.rounds[answer.id]
        return going_on.done(going_on.invocation.value)


def toy_register(**wrong: bool) -> Callable[[Context], ToyRegister]:
    """Return the factory of nodes that are wrong in these ways."""
    return lambda context: ToyRegister(context, **wrong)


def with_toy(**changes: Any) -> Registry:
    """Return what is installed, and the right register as the protocol ``toy``, with *changes*."""
    known = registry()
    single_copy = known.protocol("single-copy")
    toy = attrs.evolve(single_copy, name="toy", replica=toy_register(), nodes=3, settings=Settings)
    return attrs.evolve(known, protocols={**known.protocols, "toy": attrs.evolve(toy, **changes)})
