"""Spanner with one mistake each."""

from __future__ import annotations

from chaoslab.statemachine import Context
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.spanner.client import SpannerClient
from chaoslab_protocols.spanner.coordinator import SpannerCoordinator
from chaoslab_protocols.spanner.server import SpannerServer
from chaoslab_protocols.spanner.settings import Settings

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="spanner", client=SpannerClient)
CHECK = "strict-serializable"


class DoesNotWait(SpannerCoordinator):
    def is_past(self, timestamp: int) -> bool:
        return True


@PLANTED.mutant(
    "TT1",
    "a commit is told at once: its timestamp may lie ahead of what other clocks take for the present",
    source="Corbett et al. 2012, section 4.1.2: commit wait",
    scenario="spanner/wrong_clocks",
    check=CHECK,
)
class NoCommitWait(SpannerServer):
    coordinator_class = DoesNotWait


@PLANTED.mutant(
    "TT2",
    "a node takes its clock to be ten times as good as it is: true time is outside of its interval",
    source="CockroachDB: --max-offset below the real offset",
    scenario="spanner/wrong_clocks",
    check=CHECK,
)
class TrustsItsClock(SpannerServer):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings = self.settings
        assert isinstance(settings, Settings)
        for part in (self.coordinator, self.participant):
            part.true_time.epsilon_us = settings.epsilon_us // 10  # type: ignore[union-attr]


class HearsNoTimestamps(SpannerCoordinator):
    def commit_timestamp(self, prepared: int) -> int:
        return self.true_time.now().latest


@PLANTED.mutant(
    "TT3",
    "the timestamps that come with the votes are not merged: a transaction commits before what it depends on",
    source="Kulkarni et al., Logical physical clocks, 2014, section 3: what a message carries is merged when it comes",
    scenario="spanner/wrong_clocks",
    check=CHECK,
)
class DoesNotMerge(SpannerServer):
    coordinator_class = HearsNoTimestamps


class ReadsWhatTheClockShows(SpannerCoordinator):
    def read_timestamp(self) -> int:
        return self.true_time.now().latest - self.true_time.epsilon_us


@PLANTED.mutant(
    "TT4",
    "a snapshot is read at what the clock shows: commits in the interval of uncertainty after that are passed over",
    source="CockroachDB: uncertainty intervals; Corbett et al. 2012, section 4.1.4",
    scenario="spanner/wrong_clocks",
    check=CHECK,
)
class IgnoresUncertainty(SpannerServer):
    coordinator_class = ReadsWhatTheClockShows


MUTANTS = PLANTED.all()
