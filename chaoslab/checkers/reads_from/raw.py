"""Reads a history for verifiers: shares no code with the preparation, the searches and the tests of the levels.

What is written here once more, in the plainest way, is what an operation saw and wrote, which process did what after
what, and which writes can explain a read. Verifiers of sessions, causal levels and sequential consistency build on it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chaoslab.checkers.reads_from.evidence import Cases, Pattern, Refutation, Step
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["Chosen", "Raw", "complaint_about_refutation"]

Chosen = Mapping[int, int | None]
"""What was assumed of reads that several writes explain: from a read to the write it saw (None: the initial value)."""


class Raw:
    """A history by the indices of its invocations.

    Attributes:
        sessions: The operations of each session, in order. Sessions stand in the order of their first operations.
        session: From an operation to its session.
        place: From an operation to its place in it, from 1.
        key: From an operation to its key, frozen.
        saw: From a read to the value that it saw.
        refused: From a refused compare-and-set to the value that it did not see.
        wrote: From a write to its value.
        unsure: Updates of which nobody knows whether they took place.
        impossible: Compare-and-sets among these that cannot have taken place.
    """

    def __init__(self, history: History, model: Model) -> None:
        self.sessions: list[list[int]] = []
        self.session: dict[int, int] = {}
        self.place: dict[int, int] = {}
        self.key: dict[int, Any] = {}
        self.saw: dict[int, Any] = {}
        self.refused: dict[int, Any] = {}
        self.wrote: dict[int, Any] = {}
        self.unsure: set[int] = set()
        self.initial = frozen(model.initial)
        self._writers: dict[tuple[Any, Any], list[int]] = {}
        self._open_sessions: dict[Any, int] = {}
        self._columns: dict[Any, dict[int, tuple[list[int], list[int]]]] = {}
        for call in range(len(history)):
            if history.types[call] == "invoke" and isinstance(history.processes[call], int):
                self._add(history, call, model)
        self.impossible = self._without_source()

    def _add(self, history: History, call: int, model: Model) -> None:
        ret = history.partners[call]
        type = history.types[ret] if ret >= 0 else "info"
        f, process = history.fs[call], history.processes[call]
        if type == "fail" or (type == "info" and f in model.reads):
            return
        key = self.key[call] = frozen(history.keys[call]) if model.keyed else None
        argument = history.values[call]
        if f in model.reads:
            self.saw[call] = frozen(history.values[ret])
        elif f == "cas" and type == "ok" and history.results[ret] is False:
            self.refused[call] = frozen(argument[0])
        elif f == "cas":
            self.saw[call], self.wrote[call] = frozen(argument[0]), frozen(argument[1])
        else:
            self.wrote[call] = frozen(argument)
        if process not in self._open_sessions:
            self._open_sessions[process] = len(self.sessions)
            self.sessions.append([])
        session = self._open_sessions[process]
        self.sessions[session].append(call)
        self.session[call] = session
        self.place[call] = len(self.sessions[session])
        if type == "info":
            self.unsure.add(call)
            del self._open_sessions[process]
        if call in self.wrote:
            self._writers.setdefault((key, self.wrote[call]), []).append(call)

    def candidates(self, read: int) -> set[int | None]:
        """Return the writes that can explain *read*, with None for the initial value."""
        key = self.key[read]
        found: set[int | None] = set()
        if read in self.refused:
            unseen = self.refused[read]
            for (other, value), writers in self._writers.items():
                if other == key and value != unseen:
                    found.update(writers)
            if self.initial != unseen:
                found.add(None)
        else:
            found.update(self._writers.get((key, self.saw[read]), ()))
            if self.saw[read] == self.initial:
                found.add(None)
        found.discard(read)
        return found - self.impossible

    def can_explain(self, write: int | None, read: int) -> bool:
        """Return whether *write* (None: the initial value) is one of the candidates of *read*, in constant time."""
        if write is None:
            value = self.initial
        elif write == read or write in self.impossible or write not in self.wrote or self.key[write] != self.key[read]:
            return False
        else:
            value = self.wrote[write]
        return bool(self.refused[read] != value if read in self.refused else self.saw[read] == value)

    def _without_source(self) -> set[int | None]:
        """Return compare-and-sets of unknown outcome that cannot have taken place: nobody wrote their first value."""
        doubtful = [call for call in sorted(self.unsure) if call in self.saw and self.saw[call] != self.initial]
        impossible: set[int | None] = set()
        while True:
            news = [
                call
                for call in doubtful
                if call not in impossible
                and not {*self._writers.get((self.key[call], self.saw[call]), ())} - impossible - {call}
            ]
            if not news:
                return impossible
            impossible.update(news)

    def readings(self, chosen: Chosen) -> tuple[dict[int, int | None], str | None]:
        """Return what each read saw, operations of unknown outcome that nobody saw left out, and a complaint if any."""
        for read, write in chosen.items():
            if not self.can_explain(write, read):
                return {}, f"event {read} cannot have read what event {write} wrote"
        saw: dict[int, int | None] = {}
        wanted = [call for call in self.refused if call not in self.unsure]
        for call, value in self.saw.items():
            if call not in self.unsure:
                writers = self._writers.get((self.key[call], value), ())
                only = writers[0] if len(writers) == 1 and value != self.initial else None
                if only is not None and only != call and only not in self.unsure:
                    saw[call] = only
                elif not writers and value == self.initial:
                    saw[call] = None
                else:
                    wanted.append(call)
        while wanted:
            call = wanted.pop()
            known, write = self.read_of(call, chosen)
            if not known:
                return {}, f"it is not said what event {call} read"
            saw[call] = write
            if write in self.unsure and write in self.saw and write not in saw:
                wanted.append(write)
        return saw, None

    def read_of(self, read: int, chosen: Chosen) -> tuple[bool, int | None]:
        """Return whether it is known which write *read* saw, and which (None: the initial value)."""
        if read in chosen:
            return True, chosen[read]
        if read in self.saw:
            writers = self._writers.get((self.key[read], self.saw[read]), [])
            if len(writers) == 1 and writers[0] != read and self.saw[read] != self.initial:
                return True, writers[0]
        candidates = self.candidates(read)
        return len(candidates) == 1, next(iter(candidates), None)

    def complaint_about_step(self, step: Step, chosen: Chosen, happened: set[int]) -> str | None:
        """Return what is wrong with a step inside a session or of reads-from, or None."""
        before, after = step.before, step.after
        if before not in self.session or after not in self.session:
            return f"there is no operation of event {before} or {after}"
        if step.reason == "session":
            if self.session[before] != self.session[after] or self.place[before] >= self.place[after]:
                return f"events {before} and {after} are not of one session, in this order"
            return None
        if after not in self.saw and after not in self.refused:
            return f"event {after} read nothing"
        if after in self.unsure and after not in happened:
            return f"event {after} may never have taken place"
        known, write = self.read_of(after, chosen)
        if not known or write != before:
            return f"event {after} need not have read what event {before} wrote"
        return None

    def took_place(self, steps: Iterable[Step], chosen: Chosen) -> tuple[set[int], str | None]:
        """Return which compare-and-sets of unknown outcome took place because of *steps*, and a complaint if any."""
        happened: set[int] = set()
        left = list(steps)
        while left:
            sound = [step for step in left if step.after not in self.unsure or step.after in happened]
            if not sound:
                return happened, "compare-and-sets of unknown outcome vouch for each other"
            for step in sound:
                complaint = self.complaint_about_step(step, chosen, happened)
                if complaint is not None or step.reason != "reads-from":
                    return happened, complaint or "only being read shows that an update took place"
                happened.add(step.before)
                left.remove(step)
        return happened, None

    def latest_write(self, key: Any, session: int, until: int) -> int | None:
        """Return the last write of *key* among the first *until* operations of *session*."""
        places, writes = self.writes_of(key).get(session, ((), ()))
        index = bisect_right(places, until)
        return writes[index - 1] if index else None

    def writes_of(self, key: Any) -> Mapping[int, tuple[list[int], list[int]]]:
        """Return for each session that writes *key* the places of these writes, and the writes."""
        if not self._columns:
            for write in self.wrote:
                table = self._columns.setdefault(self.key[write], {})
                places, writes = table.setdefault(self.session[write], ([], []))
                places.append(self.place[write])
                writes.append(write)
        return self._columns.get(key, {})


def complaint_about_refutation(
    raw: Raw, refutation: Refutation, judge: Callable[[Pattern, Chosen], str | None]
) -> str | None:
    """Return what is wrong with *refutation*, or None: its cases are complete and *judge* accepts each pattern."""
    stack: list[tuple[Refutation, dict[int, int | None]]] = [(refutation, {})]
    while stack:
        one, chosen = stack.pop()
        if isinstance(one, Cases):
            writes = [write for write, _ in one.cases]
            if len(writes) != len(set(writes)) or set(writes) != raw.candidates(one.read):
                return f"the cases of event {one.read} are not the writes that it can have read"
            stack += [(then, {**chosen, one.read: write}) for write, then in one.cases]
            continue
        if one.name == "ThinAirRead":
            if one.read is None or raw.candidates(one.read) or one.read in raw.unsure:
                return f"event {one.read} read what somebody wrote"
            continue
        complaint = judge(one, chosen)
        if complaint is not None:
            return complaint
    return None
