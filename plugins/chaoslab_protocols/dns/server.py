"""A node, told by its place among the nodes; and a client, who asks a resolver to read and the planner to write."""

from __future__ import annotations

from typing import Any, ClassVar

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Context, Effects, Invocation, Machine
from chaoslab_protocols import store
from chaoslab_protocols.by_place import ByPlace
from chaoslab_protocols.dns.authority import Primary, Root, Secondary
from chaoslab_protocols.dns.plans import Enactor, Planner
from chaoslab_protocols.dns.resolver import Resolver
from chaoslab_protocols.dns.settings import Layout, Settings

__all__ = ["Client", "Server"]


class Server(ByPlace):
    """One node."""

    primary_class: ClassVar[type[Primary]] = Primary
    resolver_class: ClassVar[type[Resolver]] = Resolver

    def part_of(self, context: Context) -> Machine:
        layout = Layout.of(context.nodes, context.settings or Settings())
        single: dict[str, Any] = {
            layout.root: Root,
            layout.planner: Planner,
            layout.primary: self.primary_class,
            layout.secondary: Secondary,
        }
        several = Enactor if context.name in layout.enactors else self.resolver_class
        part: Machine = single.get(context.name, several)(context, layout)
        return part


class Client(RequestClient):
    """A client, who asks one resolver, and another one when that refuses or is silent."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        layout = Layout.of(context.nodes, context.settings or Settings())
        self.planners, self.resolvers = (layout.planner,), layout.resolvers
        beside = self.favourite % len(self.resolvers)
        self.resolver = self.resolvers.index(context.home) if context.home in self.resolvers else beside
        self.nodes, self.favourite = self.resolvers, self.resolver

    def invoke(self, invocation: Invocation) -> Effects:
        if self.nodes is self.resolvers:
            self.resolver = self.favourite
        if invocation.f in store.READS:
            self.nodes, self.favourite = self.resolvers, self.resolver
        else:
            self.nodes, self.favourite = self.planners, 0
        return super().invoke(invocation)
