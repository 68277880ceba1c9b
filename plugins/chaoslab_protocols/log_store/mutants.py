"""Log stores with one mistake each."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Persist, SetTimer, Sync
from chaoslab_protocols import records
from chaoslab_protocols.log_store import segments
from chaoslab_protocols.log_store.client import Client
from chaoslab_protocols.log_store.segments import Recovered, path_of
from chaoslab_protocols.log_store.server import Server
from chaoslab_protocols.log_store.topics import Command, Topics
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.records import Record

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="log-store", client=Client)


@PLANTED.mutant(
    "Q1",
    "a sync that failed is tried again: the second one succeeds, and has saved nothing",
    source="Rebello et al., Can applications recover from fsync failures?, ATC 2020; PostgreSQL, 2018",
    scenario="log_store/failing_syncs",
    check="recovery",
)
class SyncsAgain(Server):
    def cannot_know(self, path: str, error: OSError) -> Effects:
        if path != path_of(self.number) or not self.batch:
            raise error
        return [Sync(path), SetTimer("durable", 0.0)]


@PLANTED.mutant(
    "Q2",
    "a new segment is renamed and written to, and the folder is not synced: a power cut takes its name away",
    source="Pillai et al., All file systems are not created equal, OSDI 2014, section 4.3",
    scenario="log_store/power_cuts",
)
class TrustsRenames(Server):
    def begin_segment(self, number: int) -> list[Effect]:
        return [effect for effect in super().begin_segment(number) if effect != Sync("")]


@PLANTED.mutant(
    "Q3",
    "records have no checksum and no length: what is left of a torn one is taken for a whole one",
    source="Pillai et al., All file systems are not created equal, OSDI 2014, table 3 (append atomicity)",
    scenario="log_store/power_cuts",
)
class TrustsWhatIsThere(Server):
    def save(self, record: Record) -> Persist:
        words = [str(word) for command in record[1:] for word in command]
        return Persist(path_of(self.number), ("\n" + " ".join(words)).encode(), append=True)

    def recover(self, context: Context) -> Recovered:
        read = {path: self.checked(context.files[path]) for path in context.files}
        found = segments.recover(read)
        if found.number:
            found.size = len(context.files[path_of(found.number)])
        return found

    def checked(self, content: bytes) -> bytes:
        """Return *content* with checksums, as if all of it were good."""
        first, _, rest = content.partition(b"\n")
        batches = [self.commands(line.decode(errors="replace").split()) for line in rest.split(b"\n")]
        again = [records.append("", [segments.batch_record(batch)]).data for batch in batches if batch]
        return b"\n".join((first, b"".join(again)))

    def commands(self, words: list[str]) -> list[Command]:
        """Return the commands that *words* spell, five each, as far as they go."""
        return [
            Command(client, number(count), Invocation(f=f, key=key, value=number(value)))
            for client, count, f, key, value in zip(*[iter(words)] * 5, strict=False)
        ]


def number(word: str) -> Any:
    return int(word) if word.isdecimal() else None


@PLANTED.mutant(
    "Q5",
    "what a full disk has taken of a record is left there, and the next record is appended to it",
    source="Turso #2662, #7050: a short write at ENOSPC",
    scenario="log_store/full_disks",
    check="recovery",
)
class AppendsToTheHalf(Server):
    def undo(self, path: str) -> list[Effect]:
        return [] if path == path_of(self.number) else super().undo(path)


class Forgetful(Topics):
    def remember(self, command: Command, answer: Any) -> None:
        if command.operation.f != "dequeue":
            super().remember(command, answer)


@PLANTED.mutant(
    "Q6",
    "the consumer's offset is committed without the entry's delivery: who asks again is given the next one",
    source="Kafka, delivery semantics: at most once if the offset is committed first",
    scenario="log_store/every_fault",
)
class CommitsTheOffsetFirst(Server):
    topics_class = Forgetful


MUTANTS = PLANTED.all()
