"""What a scenario can set about two-phase commit over replicated groups."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, parameter
from chaoslab_protocols.multi_paxos.settings import Settings as PaxosSettings
from chaoslab_protocols.two_phase_commit.settings import Settings as TwoPhaseCommitSettings

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings(TwoPhaseCommitSettings):
    """Settings of two-phase commit over replicated groups."""

    group: int = parameter(COUNT, "How many nodes a group has; what is left over joins the last one.", default=3)
    tick_ns: int = parameter(
        DURATION,
        "How often what was not answered is sent again, a leader says that it is alive, and time passes in a log.",
        default=100_000_000,
        name="tick",
    )
    patience_ns: int = parameter(
        DURATION,
        "How long an attempt may take that is not decided, and a participant keeps locks that it may still give up.",
        default=1_000_000_000,
        name="patience",
    )
    silence_ns: int = parameter(
        DURATION,
        "The shortest silence after which another member tries to lead its group; the longest is twice that.",
        default=250_000_000,
        name="silence",
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.group < 1:
            raise UsageError("a group has at least one node.", key="group")
        if self.silence_ns <= self.tick_ns:
            raise UsageError("a silence is longer than a tick.", key="silence")

    @property
    def paxos(self) -> PaxosSettings:
        """The settings of each group's Multi-Paxos."""
        return PaxosSettings(tick_ns=self.tick_ns, silence_ns=self.silence_ns, window=20)
