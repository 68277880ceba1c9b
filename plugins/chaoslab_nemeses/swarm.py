"""Swarm: each run draws which kinds of fault take part, how strong they are, whom they hit and how often.

Groce et al., "Swarm testing" (ISSTA 2012): runs that each leave some features out find more than runs that use all of
them, because features hide each other's bugs: a crash every second leaves no time for a long partition to do harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs

from chaoslab.choices import Choices, Stream
from chaoslab.errors import UsageError, unknown_word
from chaoslab.nemesis import Budget, FaultRequest, Scene, Schedule
from chaoslab.parameters import COUNT, RATIO, WORDS, parameter

__all__ = ["Swarm"]

_STRENGTHS_TRIED = 100
"""Before a kind of fault is said to be beyond a budget in whatever strength."""


@attrs.frozen(kw_only=True)
class Swarm:
    """Each run draws which kinds of fault take part, how strong, whom they hit and how often, within the budget."""

    name: ClassVar[str] = "swarm"

    kinds: tuple[str, ...] = parameter(WORDS, "Only these kinds of fault; all if left out.", default=())
    without: tuple[str, ...] = parameter(WORDS, "Not these kinds of fault.", default=())
    share: float = parameter(RATIO, "How likely each kind takes part in a run.", default=0.3)
    episodes: int = parameter(COUNT, "How often a kind strikes in a run, at most.", default=4)

    def __attrs_post_init__(self) -> None:
        if self.episodes < 1:
            raise UsageError("episodes is at least 1.", key="episodes")

    def check(self, scene: Scene) -> None:
        """Refuse kinds of fault that are not there, and a choice of which none can ever be within the budget."""
        for key in ("kinds", "without"):
            for word in getattr(self, key):
                if word not in scene.kinds:
                    raise UsageError(unknown_word("kind of fault", word, scene.kinds), key=key)
        if self.kinds and scene.budget is not None:
            self._refuse_what_never_happens(scene, scene.budget)

    def _refuse_what_never_happens(self, scene: Scene, budget: Budget) -> None:
        stream = Choices(0).stream("strengths")  # of a run that does not take place
        why = ""
        for kind in self.candidates(scene):
            for _ in range(_STRENGTHS_TRIED):
                fault: Any = scene.kinds[kind].drawn(scene, stream)
                refusal = None if fault is None else budget.refusal(fault, len(scene.nodes), down=1, forgetful=1)
                if fault is not None and refusal is None:
                    return
                why = why or f"{kind}: {refusal or 'makes no sense here'}"
        raise UsageError(
            f"no fault of these kinds is within what the nodes promise to survive ({why}). Other kinds, more nodes, or "
            "a cl.Protocol with another budget can be tested.",
            key="kinds",
        )

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        requests = []
        for kind in self.candidates(scene):
            # Every kind draws the same number of times whether or not it takes part: leaving one out moves no other.
            takes_part, often, length, whom = (stream.random() for _ in range(4))
            fault: Any = scene.kinds[kind].drawn(scene, stream)
            if takes_part < self.share and fault is not None and self.allowed(fault, scene):
                requests.append(self.request(fault, scene, often, length, whom))
        return requests

    def candidates(self, scene: Scene) -> list[str]:
        """Return the kinds of fault that may take part, in the order in which they are listed."""
        named = [kind for kind in scene.kinds if kind in self.kinds] if self.kinds else list(scene.kinds)
        return [kind for kind in named if kind not in self.without and hasattr(scene.kinds[kind], "drawn")]

    def allowed(self, fault: Any, scene: Scene) -> bool:
        """Return whether one node hit by *fault* would be within the budget."""
        if scene.budget is None:
            return True
        return scene.budget.refusal(fault, len(scene.nodes), down=1, forgetful=1) is None

    def request(self, fault: Any, scene: Scene, often: float, length: float, whom: float) -> FaultRequest:
        """Return *fault* with a schedule and a target, from three draws."""
        every_ns = scene.duration_ns // (1 + int(often * self.episodes))
        for_ns = int(every_ns * (0.1 + 0.6 * length))
        targets = self.targets(scene)
        target = targets[int(whom * len(targets))] if fault.needs_target else ""
        return FaultRequest(fault=fault, target=target, schedule=Schedule(every_ns=every_ns, for_ns=for_ns))

    def targets(self, scene: Scene) -> list[str]:
        """Return the words for whom a fault may hit."""
        minority = ["minority"] if len(scene.nodes) > 2 else []
        leader = ["leader"] if scene.leader else []
        everybody = ["all"] if scene.budget is not None and scene.budget.down == "all" else []
        return ["one", *minority, *leader, *everybody]
