"""Administrators who change what nodes run: other versions, one at a time or all at once, and wrong settings.

Rules:

1. What changes takes hold by a restart: the node loses power and starts again from what its disk kept. A node that is
   down takes it up when it starts.
2. Healing lets every node run again what it ran before, in the same manner: one at a time if it was rolling.
3. Several changes at one node lie on top of each other; each heal takes away its own.
4. A restart is a moment of being down. So these faults draw on the promise of nodes down at once, too:
   ``down_at_once`` says how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.cluster.deployment import Change
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.scene import Scene
from chaoslab.parameters import DURATION, FLAG, NODES, TEXT, Unit, build, parameter, written

__all__ = ["SETTINGS", "Downgrade", "Misconfigure", "Upgrade"]


def _parse_settings(value: object) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, Mapping) or not value:
        raise UsageError(f"{value!r} are no settings: write a table such as {{ quorum = 2 }}.")
    return tuple(value.items())


SETTINGS: Final = Unit(name="settings", parse=_parse_settings, format=dict, example="{ quorum = 2 }")


@attrs.define(eq=False)
class _Rollout:
    """A change that goes from node to node, there and back."""

    cluster: Cluster
    targets: tuple[str, ...]
    changes: dict[str, Change]
    apart_ns: int
    deployed: int = 0
    healed: bool = False

    def begin(self) -> None:
        self._at_each(self._change)

    def heal(self) -> None:
        if not self.healed:
            self.healed = True
            for name in self.targets:
                self.cluster.deployment.take(name, self.changes[name])
            self._at_each(self.cluster.deployment.deploy)

    def _change(self, name: str) -> None:
        if not self.healed:
            self.cluster.deployment.put(name, self.changes[name])
            self.deployed += self.cluster.deployment.deploy(name)

    def _at_each(self, action: Any) -> None:
        for number, name in enumerate(self.targets):
            if number and self.apart_ns:
                self.cluster.engine.after(number * self.apart_ns, action, name)
            else:
                action(name)


class _AdministrationFault:
    """What faults that let nodes run something else share."""

    family: ClassVar[str] = "administration"
    counts: ClassVar[str] = "nodes changed"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "settings"

    def heal(self, cluster: Cluster, state: _Rollout) -> None:
        state.heal()

    def effects(self, state: _Rollout) -> int:
        return state.deployed


class _VersionChange(_AdministrationFault):
    kind: ClassVar[str]
    version: str
    rolling: bool
    apart_ns: int

    def code(self, cluster: Cluster, name: str) -> Any:
        """Return the code that the node called *name* runs from now on."""
        if self.version not in cluster.versions:
            raise UsageError(_no_version(self.version, tuple(cluster.versions)), key="version")
        return cluster.versions[self.version]

    def check(self, scene: Scene) -> None:
        """Refuse a version that the protocol does not have."""
        if self.version not in scene.versions:
            raise UsageError(_no_version(self.version, scene.versions), key="version")

    def down_at_once(self, targets: tuple[str, ...]) -> int:
        """Return how many nodes restart at the same time."""
        return 1 if self.rolling else len(targets)

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Rollout:
        changes = {
            name: Change(what=f"version {self.version or 'first'}", code=self.code(cluster, name)) for name in targets
        }
        rollout = _Rollout(cluster, targets, changes, self.apart_ns if self.rolling else 0)
        rollout.begin()
        return rollout

    def describe(self, targets: tuple[str, ...]) -> str:
        how = "one after the other" if self.rolling else "at once"
        return f"{self.kind}: {' '.join(targets)} to {self.version or 'the first version'}, {how}"


def _no_version(version: str, versions: tuple[str, ...]) -> str:
    if not versions:
        return f"there is no version {version!r}: the protocol has one version only."
    return unknown_word("version", version, versions)


_APART = "With rolling: the time from one node's restart to the next."


@attrs.frozen(kw_only=True)
class Upgrade(_VersionChange):
    """The node restarts with another version of its code; with several targets versions are mixed for a while."""

    kind: ClassVar[str] = "upgrade"

    version: str = parameter(TEXT, "The version's name, as the protocol calls it.")
    rolling: bool = parameter(FLAG, "One node after the other, not all at once.", default=True)
    apart_ns: int = parameter(DURATION, _APART, default=500_000_000, name="apart")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Upgrade | None:
        which, rolling = stream.random(), stream.chance(0.7)
        if not scene.versions:
            return None
        return cls(version=scene.versions[int(which * len(scene.versions))], rolling=rolling)


@attrs.frozen(kw_only=True)
class Downgrade(_VersionChange):
    """The node restarts with an older version of its code, on the data that the newer one has left on its disk."""

    kind: ClassVar[str] = "downgrade"

    version: str = parameter(TEXT, "The version's name; that with which the node began if left out.", default="")
    rolling: bool = parameter(FLAG, "One node after the other, not all at once.", default=True)
    apart_ns: int = parameter(DURATION, _APART, default=500_000_000, name="apart")

    def code(self, cluster: Cluster, name: str) -> Any:
        return super().code(cluster, name) if self.version else cluster.deployment.first_code(name)

    def check(self, scene: Scene) -> None:
        """Refuse a version that the protocol does not have, and any change of version if it has only one."""
        if self.version or not scene.versions:
            super().check(scene)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Downgrade | None:
        rolling = stream.chance(0.7)
        return cls(rolling=rolling) if scene.versions else None


@attrs.frozen(kw_only=True)
class Misconfigure(_AdministrationFault):
    """The node restarts with other settings than its peers, or with another idea of who they are."""

    kind: ClassVar[str] = "misconfigure"

    set_: tuple[tuple[str, Any], ...] = parameter(SETTINGS, "Settings of the protocol that are different.", default=())
    peers: str = parameter(NODES, "Whom it takes for the whole cluster, besides itself.", default="")

    def __attrs_post_init__(self) -> None:
        if not self.set_ and not self.peers:
            raise UsageError("this changes nothing: give set, peers or both.", key="set")

    def check(self, scene: Scene) -> None:
        """Refuse settings that the protocol does not have, or that are not what they should be."""
        self._settings(scene.settings)

    def down_at_once(self, targets: tuple[str, ...]) -> int:
        """Return how many nodes restart at the same time."""
        return len(targets)

    def _settings(self, usual: Any) -> Any:
        if not self.set_:
            return None
        if usual is None:
            raise UsageError("the protocol has no settings.", key="set")
        try:
            return build(type(usual), {**written(usual), **dict(self.set_)})
        except UsageError as error:
            raise UsageError(error.message, key=f"set.{error.key}" if error.key else "set") from None

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Rollout:
        changes = {}
        for name in targets:
            nodes = tuple(one for one in cluster.nodes if one == name or one in self.peers.split())
            changes[name] = Change(
                what="misconfigured",
                settings=self._settings(cluster.node(name).settings),
                nodes=nodes if self.peers else None,
            )
        rollout = _Rollout(cluster, targets, changes, 0)
        rollout.begin()
        return rollout

    def describe(self, targets: tuple[str, ...]) -> str:
        what = [f"{key} = {value}" for key, value in self.set_]
        what += [f"peers {self.peers}"] if self.peers else []
        return f"misconfigure: {' '.join(targets)} with {', '.join(what)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Misconfigure | None:
        peers = stream.sample(scene.nodes, len(scene.nodes) // 2 + 1)
        return cls(peers=" ".join(peers)) if len(scene.nodes) > 1 else None
