"""The plugin contract, and how plugins are found.

A plugin is any installed module that an entry point of the group ``chaoslab`` names::

    [project.entry-points.chaoslab]
    my_store = "my_store.chaos"

and that implements some of the hooks below with ``@chaoslab.hookimpl``.

Rules:

1. ChaosLab's own protocols, workloads and nemeses come through the same hooks as everybody's.
2. ChaosLab's own come first, so that nobody takes a name away from them; then the others, sorted by the name of their
   entry point: nothing depends on the order of installation.
3. A plugin that cannot be loaded, or that takes a name which is taken, is named in ``Registry.broken``; the rest
   goes on.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import pluggy

from chaoslab import local_code
from chaoslab.checkers import LEVELS, Verdict
from chaoslab.cluster import RequestClient, Workload
from chaoslab.errors import PluginError, UsageError, unknown_word
from chaoslab.faults import FAULTS
from chaoslab.faults.budget import Budget
from chaoslab.history import History
from chaoslab.models import MODELS, Model

__all__ = ["ENTRY_POINTS", "Checker", "Mutant", "Protocol", "Registry", "hookimpl", "registry"]

ENTRY_POINTS = "chaoslab"
_OWN = ("chaoslab_nemeses", "chaoslab_protocols", "chaoslab_workloads")

_hookspec = pluggy.HookspecMarker("chaoslab")
hookimpl = pluggy.HookimplMarker("chaoslab")
"""Marks a module's function as the implementation of the hook of the same name."""


@attrs.frozen(kw_only=True)
class Protocol:
    """A replication protocol under test.

    Attributes:
        name: As in scenario files.
        summary: One line for people.
        replica: The code of its nodes: the factory of a state machine, or ``async def serve(node)``.
        client: The code of its clients.
        serves: The names of the workloads that its clients can do.
        claims: The consistency levels that it promises while faults stay within its budget.
        staleness_ns: How stale its reads are at most meanwhile, in nanoseconds: a function of its settings. None: it
            promises nothing of the kind.
        budget: What it promises to survive.
        roles: The roles that its nodes report.
        leader: The one of these roles that a fault's target ``leader`` means, or None.
        nodes: How many nodes it has when a scenario does not say.
        nodes_min: With how many nodes it makes sense at least.
        versions: Further versions of its nodes' code, by name, for upgrades; ``replica`` is the one they start with.
        administers: The administrative operations that its clients can do, such as ``"join"`` and ``"leave"``: an
            ``Invocation`` of that name whose value is the name of a node.
        settings: An attrs class of further settings, or None.
    """

    name: str
    summary: str
    replica: Any
    client: Any = RequestClient
    serves: tuple[str, ...]
    claims: tuple[str, ...]
    staleness_ns: Callable[[Any], int] | None = None
    budget: Budget = Budget()
    roles: tuple[str, ...] = ()
    leader: str | None = None
    nodes: int = 3
    nodes_min: int = 1
    settings: type | None = None
    versions: Mapping[str, Any] = attrs.field(factory=dict)
    administers: tuple[str, ...] = ()


_MARK = "~"
"""Between the name of a protocol and the id of a mutant of it: raft~R12."""


@attrs.frozen(kw_only=True)
class Mutant:
    """A protocol with one mistake planted in it, which a scenario has to find.

    Attributes:
        id: Unique among all mutants, such as ``"R12"``.
        mistake: What it does wrong, in one line.
        source: Where that mistake is known from.
        protocol: The name of the correct protocol.
        scenario: The shipped scenario that is meant to find it.
        check: The check that must fail there, such as ``"linearizable"``.
        replica: The code of its nodes in place of the protocol's own, or None.
        client: The code of its clients in place of the protocol's own, or None.
        settings: Its class of settings in place of the protocol's own, or None.
    """

    id: str
    mistake: str
    source: str
    protocol: str
    scenario: str
    check: str
    replica: Any = None
    client: Any = None
    settings: type | None = None

    @property
    def name(self) -> str:
        """Its name as a protocol, as in scenario files: ``"raft~R12"``."""
        return f"{self.protocol}{_MARK}{self.id}"


@attrs.frozen(kw_only=True)
class Checker:
    """A check of one's own, beside those of consistency levels.

    Attributes:
        name: As in ``[expect] checks``.
        summary: One line for people.
        judge: From a history to a verdict.
    """

    name: str
    summary: str
    judge: Callable[[History], Verdict]


class Hooks:
    """What a plugin may provide. Every hook returns a list; implement those that you need."""

    @_hookspec
    def chaoslab_protocols(self) -> list[Protocol]:  # type: ignore[empty-body]
        """Return protocols."""

    @_hookspec
    def chaoslab_mutants(self) -> list[Mutant]:  # type: ignore[empty-body]
        """Return mutants: protocols with a planted mistake."""

    @_hookspec
    def chaoslab_workloads(self) -> list[Workload]:  # type: ignore[empty-body]
        """Return workloads."""

    @_hookspec
    def chaoslab_faults(self) -> list[type]:  # type: ignore[empty-body]
        """Return kinds of fault: attrs classes with a ``kind``, ``inject`` and ``heal``."""

    @_hookspec
    def chaoslab_nemeses(self) -> list[type]:  # type: ignore[empty-body]
        """Return nemesis programs: attrs classes with a ``name`` and ``requests``."""

    @_hookspec
    def chaoslab_models(self) -> list[Any]:  # type: ignore[empty-body]
        """Return models: sequential specifications."""

    @_hookspec
    def chaoslab_checkers(self) -> list[Checker]:  # type: ignore[empty-body]
        """Return checks of histories."""


@attrs.frozen(kw_only=True)
class Registry:
    """Everything that can be named in a scenario, by name.

    Attributes:
        protocols: Replication protocols.
        mutants: Protocols with a planted mistake, by the mutant's id.
        workloads: Workloads.
        faults: Kinds of fault.
        models: Sequential specifications.
        nemeses: Fault programs.
        checkers: Checks beside those of consistency levels.
        broken: What could not be loaded, and why.
    """

    protocols: dict[str, Protocol] = attrs.field(factory=dict)
    mutants: dict[str, Mutant] = attrs.field(factory=dict)
    workloads: dict[str, Workload] = attrs.field(factory=dict)
    faults: dict[str, Any] = attrs.field(factory=dict)
    models: dict[str, Any] = attrs.field(factory=dict)
    nemeses: dict[str, Any] = attrs.field(factory=dict)
    checkers: dict[str, Checker] = attrs.field(factory=dict)
    broken: list[PluginError] = attrs.field(factory=list)

    def protocol(self, name: str) -> Protocol:
        """Return the protocol called *name*; ``raft~R12`` is the mutant R12 of raft, ``store.py:Store`` is in a file.

        Raises:
            UsageError: there is none.
        """
        if local_code.is_local(name):
            return self._local(name)
        if name not in self.protocols and any(mark in name for mark in (":", "/", ".py")):
            raise UsageError(f'{name!r} names no code: write its file and what stands in it, such as "store.py:Store".')
        correct, mark, id = name.partition(_MARK)
        found: Protocol = _named("protocol", correct, self.protocols)
        return self.mutated(id, of=correct) if mark else found

    def _local(self, name: str) -> Protocol:
        code = local_code.load(name)
        if isinstance(code, Protocol):
            self.refuse_promises(code)
            return attrs.evolve(code, name=name)
        if not callable(code):
            raise UsageError(f"{name} is {code!r}: neither a Protocol nor the code of a node.")
        return Protocol(name=name, summary="", replica=code, serves=tuple(self.workloads), claims=("linearizable",))

    def refuse_promises(self, protocol: Protocol) -> None:
        """Refuse a *protocol* that promises what is not known: it would never be held to it.

        Raises:
            UsageError: a level that it claims, or a fault of storage that it says it survives, does not exist.
        """
        storage = [kind for kind, fault in self.faults.items() if getattr(fault, "demands", "") == "storage"]
        for key, what, words, known in (
            ("claims", "consistency level", protocol.claims, list(LEVELS)),
            ("budget.storage", "kind of storage fault", protocol.budget.storage, storage),
        ):
            if isinstance(words, str):
                raise UsageError(f"these are several words, such as ({words!r},).", key=f"{protocol.name}: {key}")
            for word in words:
                if word not in known:
                    raise UsageError(unknown_word(what, word, known), key=f"{protocol.name}: {key}")

    def mutated(self, id: str, *, of: str | None = None) -> Protocol:
        """Return the protocol with the mistake of the mutant *id* in it.

        Args:
            id: The mutant's id.
            of: The name of the protocol whose mutant it must be; any if not given.

        Raises:
            UsageError: there is no such mutant, it is another protocol's, or its protocol is not installed.
        """
        own = {key: one for key, one in self.mutants.items() if of in (None, one.protocol)}
        if id in self.mutants and id not in own:
            raise UsageError(f"{id} is a mutant of {self.mutants[id].protocol}, not of {of}.")
        mutant: Mutant = _named("mutant", id, own)
        changes = {name: getattr(mutant, name) for name in ("replica", "client", "settings")}
        return attrs.evolve(
            self.protocol(mutant.protocol),
            name=mutant.name,
            summary=f"with a planted mistake: {mutant.mistake}",
            **{name: change for name, change in changes.items() if change is not None},
        )

    def workload(self, name: str) -> Workload:
        """Return the workload called *name*.

        Raises:
            UsageError: there is none.
        """
        found: Workload = _named("workload", name, self.workloads)
        return found

    def model(self, name: str) -> Model:
        """Return the model called *name*.

        Raises:
            UsageError: there is none.
        """
        found: Model = _named("model", name, self.models)
        return found

    def checker(self, name: str) -> Checker:
        """Return the check called *name*.

        Raises:
            UsageError: there is none.
        """
        found: Checker = _named("check", name, self.checkers)
        return found

    def fault(self, name: str) -> Any:
        """Return the kind of fault called *name*, a class.

        Raises:
            UsageError: there is none.
        """
        return _named("fault", name, self.faults)


def _named(what: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise UsageError(unknown_word(what, name, known))
    return known[name]


@functools.cache
def registry() -> Registry:
    """Return everything that is installed. Found once in a process. Cost: one import a plugin."""
    manager = pluggy.PluginManager("chaoslab")
    manager.add_hookspecs(Hooks)
    found = Registry(faults={kind.kind: kind for kind in FAULTS}, models=dict(MODELS))
    points = sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=_place)
    for point in points:
        plugin = None
        try:
            plugin = point.load()
            if manager.is_registered(plugin):
                continue  # the same package installed twice, for instance beside its checkout
            manager.register(plugin, name=point.name)
            manager.check_pending()
            _take(found, plugin)
        except Exception as error:
            if plugin is not None and manager.is_registered(plugin):
                manager.unregister(plugin)  # or it would be held against every plugin after it
            found.broken.append(PluginError(f"plugin {point.name!r} ({point.value}): {type(error).__name__}: {error}"))
    return found


def _place(point: importlib.metadata.EntryPoint) -> tuple[bool, str, str]:
    return point.value not in _OWN, point.name, point.value


def _take(found: Registry, plugin: Any) -> None:
    """Add what *plugin* provides, all of it or, on a clash of names, nothing."""
    kinds: list[tuple[str, str, dict[str, Any], Callable[[Any], str]]] = [
        ("protocol", "chaoslab_protocols", found.protocols, lambda item: str(item.name)),
        ("mutant", "chaoslab_mutants", found.mutants, lambda item: str(item.id)),
        ("workload", "chaoslab_workloads", found.workloads, lambda item: str(item.name)),
        ("fault", "chaoslab_faults", found.faults, lambda item: str(item.kind)),
        ("nemesis", "chaoslab_nemeses", found.nemeses, lambda item: str(item.name)),
        ("model", "chaoslab_models", found.models, lambda item: str(item.name)),
        ("check", "chaoslab_checkers", found.checkers, lambda item: str(item.name)),
    ]
    taken: list[tuple[dict[str, Any], str, Any]] = []
    for what, hook, known, name_of in kinds:
        provide: Callable[[], Iterable[Any]] = getattr(plugin, hook, list)
        for item in provide():
            key = name_of(item)
            if key in known or any(other is known and key == used for other, used, _ in taken):
                raise UsageError(f"the {what} name {key!r} is taken already.")
            taken.append((known, key, item))
    for known, key, item in taken:
        known[key] = item
