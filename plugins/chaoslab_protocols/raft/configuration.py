"""The log as a source of the configuration: a server uses the latest one in its log, committed or not.

Ongaro's thesis, section 4.1: changes by one server at a time, so that any majority of the old configuration and any of
the new one have a server in common, and no joint phase is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaoslab.statemachine import Context, Effect, Probe
from chaoslab_protocols.raft import journal
from chaoslab_protocols.raft.log import Configuration, Entry
from chaoslab_protocols.raft.server import Server

__all__ = ["Configured"]


class Configured(Server):
    """Keeps the configurations in step with the log.

    Attributes:
        configurations: (index, members) of every configuration in the log, after that of the snapshot.
        members: The configuration in force: the latest.
        peers: Whom a leader replicates to: the other members, and a server that is about to join.
        joining: The server that is about to join: it catches up before it counts (thesis, section 4.2.1).
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.configurations: list[tuple[int, tuple[str, ...]]] = []
        self.members: tuple[str, ...] = ()
        self.peers: tuple[str, ...] = ()
        self.joining: str | None = None
        self.read_configurations()

    def read_configurations(self) -> None:
        """Find every configuration in the log."""
        snapshot = self.log.snapshot
        self.configurations = [(snapshot.last_included_index, snapshot.members)]
        self.note_configurations(snapshot.last_included_index + 1, self.log.entries)
        self.put_in_force()

    def note_configurations(self, first_index: int, entries: Sequence[Entry]) -> None:
        """Note the configurations in *entries*, the first of which is at *first_index*."""
        for index, entry in enumerate(entries, start=first_index):
            if isinstance(entry.command, Configuration):
                self.configurations.append((index, entry.command.members))

    def put_in_force(self) -> None:
        """Let the latest configuration be in force."""
        self.members = self.configurations[-1][1]
        also = () if self.joining is None or self.joining in self.members else (self.joining,)
        self.peers = tuple(name for name in (*self.members, *also) if name != self.name)

    @property
    def configuration_index(self) -> int:
        """The index of the configuration in force."""
        return self.configurations[-1][0]

    def members_as_of(self, index: int) -> tuple[str, ...]:
        """Return the configuration that the log has as of *index*."""
        return next(members for at, members in reversed(self.configurations) if at <= index)

    # The log

    def append(self, entries: Sequence[Entry]) -> list[Effect]:
        """Add *entries* to the log and make them durable."""
        first_index = self.log.last_index + 1
        self.log.append(entries)
        self.note_configurations(first_index, entries)
        if self.configuration_index >= first_index:
            self.put_in_force()
        records = (journal.entry_record(index, entry) for index, entry in enumerate(entries, start=first_index))
        return [self.save(*records), Probe("entry-appended")]

    def truncate(self, index: int) -> None:
        """Delete the entry at *index* and all that follow it. The record of the one that replaces it says so too."""
        self.log.truncate(index)
        self.roll_back(index)

    def roll_back(self, index: int) -> None:
        """Return to the configuration before *index*, if the one in force has been deleted (thesis, section 4.1)."""
        if self.configuration_index >= index:
            self.configurations = [one for one in self.configurations if one[0] < index]
            self.put_in_force()

    # Majorities

    def is_majority(self, servers: Mapping[str, object]) -> bool:
        """Whether *servers* are a majority of the members."""
        return 2 * sum(name in servers for name in self.members) > len(self.members)

    def majority_has(self, numbers: Mapping[str, int], own: int) -> int:
        """Return the highest number that a majority of the members has reached.

        Args:
            numbers: The others' numbers.
            own: This server's own, which counts only if it is a member.
        """
        reached = [own if name == self.name else numbers.get(name, 0) for name in self.members]
        reached.sort(reverse=True)
        return reached[len(reached) // 2]
