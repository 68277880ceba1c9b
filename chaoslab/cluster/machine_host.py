"""Carries a node that is a state machine: its handlers run inline, its effects are performed in order.

Rules:

1. No task and no task switch: a handler is a function call from the event heap.
2. A ``Persist`` is a barrier. What comes after it, in this list and in later ones, is held until the disk says durable.
3. When the disk fails, what stands behind the failed effect is dropped, and the machine's ``disk_error`` is asked what
   to do; a machine without one panics.
4. ``on_message`` and ``perform`` are the simulator's hot path. They repeat two lines of ``Network.send`` on purpose:
   a call more for each message costs a tenth of the engine's speed.

The contract itself is in ``chaoslab.statemachine``. This file does not know any protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappush
from typing import Any

from chaoslab.choices import Stream
from chaoslab.cluster.arguments import mistake_in_factory
from chaoslab.cluster.host import Host
from chaoslab.cluster.mistakes import mistake_in, mistake_in_list, mistake_in_timer
from chaoslab.cluster.node_clock import NEVER_NS
from chaoslab.errors import NodeError, UsageError
from chaoslab.net import Network
from chaoslab.sim import Engine, Entry
from chaoslab.statemachine import (
    Become,
    CancelTimer,
    Context,
    Effect,
    Effects,
    Machine,
    Persist,
    Probe,
    Remove,
    Rename,
    Send,
    SetTimer,
    Sync,
    Truncate,
    Write,
)
from chaoslab.storage import DiskError
from chaoslab.units import NS_PER_S

__all__ = ["MachineFactory", "MachineHost"]

MachineFactory = Callable[[Context], Machine]


class MachineHost(Host):
    """Runs one state machine.

    Args, beside those of every host:
        factory: Makes the machine, at the start and after each crash.
    """

    __slots__ = (
        "_add_line", "_at_barrier", "_detailed", "_held", "_performers", "_timer_streams", "_timers", "factory",
        "machine",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        engine: Engine,
        network: Network,
        factory: MachineFactory,
        *,
        nodes: tuple[str, ...],
        settings: Any = None,
    ) -> None:
        super().__init__(name, engine, network, nodes=nodes, settings=settings)
        self.factory = factory
        self.machine: Machine | None = None
        self._timer_streams: dict[str, Stream] = {}
        self._timers: dict[str, tuple[int, int]] = {}  # (sequence of the heap entry, when due on the node's own clock)
        self._held: deque[Effect] = deque()
        self._at_barrier = False
        self._add_line = engine.trace.add
        self._detailed = engine.trace.detailed
        self._performers: dict[type, Callable[[Any], None]] = {
            SetTimer: self._set_timer,
            CancelTimer: self._cancel_timer,
            Persist: self._persist,
            Write: self._write,
            Truncate: self._truncate,
            Sync: self._sync,
            Rename: self._rename,
            Remove: self._remove,
            Probe: self._probe,
            Become: self._become,
        }

    # Life and death

    def _boot(self) -> None:
        context = Context(
            name=self.name,
            nodes=self.nodes,
            settings=self.settings,
            files=self.disk.files_at_start(),
            wall_time=lambda: self.wall_clock.wall_ns() / NS_PER_S,
            monotonic_time=lambda: self.clock.monotonic_ns() / NS_PER_S,
            true_time=self.time_source.read,
            home=self.home,
            random=self.engine.choices.stream(f"node {self.name}"),
            zones=self.zones,
            directory=self.directory,
        )
        try:
            self.machine = self.factory(context)
            effects = self.machine.start()
        except DiskError as error:
            self.panic(error)
            return
        except UsageError:
            raise  # it was asked for what it cannot do: no fault of its code
        except (Exception, SystemExit) as error:
            mistake = mistake_in_factory(self.factory, context, error)
            if mistake is not None:
                raise UsageError(mistake, key="cluster.start") from None
            raise self.blame(error, "its start") from error
        self.perform(effects)

    def _halt(self) -> None:
        self.machine = None
        self._timers.clear()
        self._held.clear()
        self._at_barrier = False

    # Events in

    def on_message(self, entry: Entry) -> None:
        time_ns, sequence, _, link, message = entry
        if (not self.clear or link.guarded) and not self.admits(entry):
            return
        if self._detailed:
            self._add_line(f"{time_ns} {sequence} {link.label} {message!r}")
        else:
            self._add_line(f"{time_ns} {sequence} {link.label} {message.__class__.__name__}")
        try:
            effects = self.machine.message(link.source, message)  # type: ignore[union-attr]
        except (Exception, SystemExit) as error:
            raise self.blame(error, f"{message!r} from {link.source}") from error
        if effects:
            self.perform(effects)

    def _on_timer(self, entry: Entry, *, has_waited: bool = False) -> None:
        time_ns, sequence, _, name = entry
        timer = self._timers.get(name)
        if timer is None or timer[0] != sequence:
            return  # cancelled, replaced, or set by an earlier life
        if not self.clear and not has_waited:
            self.when_open(lambda: self._on_timer((self.engine.now_ns, *entry[1:]), has_waited=True))
            return
        del self._timers[name]
        self._add_line(f"{time_ns} {sequence} timer {self.name} {name}")
        try:
            effects = self.machine.timer(name)  # type: ignore[union-attr]
        except (Exception, SystemExit) as error:
            raise self.blame(error, f"its timer {name!r}") from error
        if effects:
            self.perform(effects)

    # Effects out

    def perform(self, effects: Effects) -> None:
        """Perform *effects* in order, or hold them while the disk is at a barrier."""
        if not effects:
            return
        clock = self.engine.clock
        links = self.links
        effect: Any = None
        try:
            if self._at_barrier:
                self._held.extend(effects)
                return
            remaining = iter(effects)
            for effect in remaining:
                kind = effect.__class__
                if kind is Send:
                    to = effect.to
                    link = links.get(to) or self.link_to(to)
                    if link.rules:
                        self.network.send(link, effect.message)
                        if not self.alive:  # crashed by a fault that struck at this very message
                            return
                    else:
                        heappush(
                            clock.heap,
                            (
                                clock.now_ns + link.sample(link.draw()),
                                clock.next_sequence(),
                                link.deliver,
                                link,
                                effect.message,
                            ),
                        )
                    continue
                performer = self._performers.get(kind)
                if performer is None:
                    raise self.blame(
                        UsageError(
                            f"{effect!r} is not an effect of a node: a handler returns a list of "
                            f"Send, {', '.join(kind.__name__ for kind in self._performers)}, or None."
                        ),
                        "the effects of a handler",
                    )
                performer(effect)
                if self._at_barrier:
                    self._held.extend(remaining)
                    return
                if not self.alive:  # crashed by a fault that struck at this very effect
                    return
        except NodeError:
            raise
        except OSError as error:  # such as a path that is none; what faults of the disk do is not raised here
            raise self.blame(error, f"the effect {effect!r}") from error
        except Exception as error:
            mistake = mistake_in_list(effects) or mistake_in(effect, self.network.names)
            if mistake is None:
                raise
            raise self.blame(UsageError(mistake), "the effects of a handler") from error

    def _set_timer(self, effect: SetTimer) -> None:
        after = effect.after
        if after.__class__ is not float and (mistake := mistake_in_timer(effect)):
            raise UsageError(mistake)
        if isinstance(after, tuple):
            low, high = after
            stream = self._timer_streams.get(effect.name)
            if stream is None:
                stream = self.engine.choices.stream(f"timer {self.name} {effect.name}")
                self._timer_streams[effect.name] = stream
            after = stream.between(low, high)
        at_ns, due_ns = self.clock.alarm(max(int(after * NS_PER_S), 0))
        clock = self.engine.clock
        sequence = clock.next_sequence()
        self._timers[effect.name] = (sequence, due_ns)
        if at_ns < NEVER_NS:
            heappush(clock.heap, (at_ns, sequence, self._on_timer, effect.name))

    def _reset_timers(self) -> None:
        clock = self.engine.clock
        for name, (_, due_ns) in list(self._timers.items()):
            at_ns, sequence = self.clock.when(due_ns), clock.next_sequence()
            self._timers[name] = (sequence, due_ns)  # the old entry of the heap finds itself replaced
            if at_ns < NEVER_NS:
                heappush(clock.heap, (at_ns, sequence, self._on_timer, name))

    def _cancel_timer(self, effect: CancelTimer) -> None:
        self._timers.pop(effect.name, None)

    def _become(self, effect: Become) -> None:
        self.become(effect.role)

    def _probe(self, effect: Probe) -> None:
        self.probe(effect.name)

    def _persist(self, effect: Persist) -> None:
        try:
            self.disk.write(effect.path, effect.data, append=effect.append)
        except DiskError as error:
            self._disk_refuses(effect.path, error)
        else:
            self._barrier(effect.path)

    def _write(self, effect: Write) -> None:
        try:
            self.disk.write(effect.path, effect.data, append=effect.append)
        except DiskError as error:
            self._disk_refuses(effect.path, error)

    def _truncate(self, effect: Truncate) -> None:
        try:
            self.disk.truncate(effect.path, effect.size)
        except DiskError as error:
            self._disk_refuses(effect.path, error)

    def _sync(self, effect: Sync) -> None:
        self._barrier(effect.path)

    def _rename(self, effect: Rename) -> None:
        try:
            self.disk.rename(effect.path, effect.to)
        except DiskError as error:
            self._disk_refuses(effect.path, error)

    def _remove(self, effect: Remove) -> None:
        try:
            self.disk.remove(effect.path)
        except DiskError as error:
            self._disk_refuses(effect.path, error)

    def _barrier(self, path: str) -> None:
        self._at_barrier = True
        self.begin_sync(path, self._durable, lambda error: self._disk_failed(path, error))

    def _durable(self) -> None:
        self._at_barrier = False
        held, self._held = self._held, deque()
        self.perform(held)

    def _disk_refuses(self, path: str, error: DiskError) -> None:
        """An effect has failed at once. What comes after it is held, as at a barrier, until the machine knows."""
        self._at_barrier = True
        life = self.starts

        def tell() -> None:
            if self.starts == life:
                self.when_open(lambda: self._disk_failed(path, error))

        self.engine.after(0, tell)

    def _disk_failed(self, path: str, error: DiskError) -> None:
        """Drop what is held back and let the machine handle *error*."""
        self._at_barrier = False
        self._held.clear()
        handler = getattr(self.machine, "disk_error", None)
        if handler is None:
            self.panic(error)
            return
        self.engine.note(f"disk error {self.name} {path}")
        try:
            effects = handler(path, error)
        except DiskError as unhandled:
            self.panic(unhandled)
            return
        except (Exception, SystemExit) as raised:
            raise self.blame(raised, f"{error!r} of its disk") from raised
        self.perform(effects)
