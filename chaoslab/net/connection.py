"""One end of a simulated TCP connection: reliable, ordered bytes over links that lose, repeat and reorder.

What it keeps of the real thing (RFC 9293): the three-way handshake, sequence numbers, cumulative acknowledgement,
retransmission by timeout and after three duplicate acknowledgements, a bounded receive window with probes of a closed
one, half-close, TIME-WAIT, resets and how RFC 5961 guards against stray ones, the discovery of half-open connections
(section 3.5.1), keep-alive. Retries and limits are Linux's.

What it leaves out: congestion control, Nagle's algorithm, delayed and selective acknowledgements, simultaneous open,
urgent data, and numbers that wrap around.

Rules:

1. No task and no waiting here: whoever waits for something is told by ``changed`` and looks again.
2. Timers run on true time, whatever the clocks of the node say.
3. What was acknowledged was put into the other side's buffer, no more: its program may never read it.

This file does not know ports, listeners or nodes: see ``streams``.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final, Protocol

from chaoslab.net.packets import Segment
from chaoslab.net.reassembly import BUFFER_BYTES, Reassembly
from chaoslab.net.round_trip import RoundTrip

__all__ = ["SEGMENT_BYTES_MAX", "Connection", "Wire"]

SEGMENT_BYTES_MAX: Final = 1460
_HANDSHAKE_RETRIES_MAX: Final = 6  # then ETIMEDOUT after 127 s
_RETRIES_MAX: Final = 15  # then ETIMEDOUT, after 15 minutes or more
_LINGER_NS: Final = 60_000_000_000  # in TIME-WAIT, and in FIN-WAIT-2 after close


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))  # of the right subclass, such as ConnectionResetError


class Wire(Protocol):
    """What a connection needs of its stack."""

    @property
    def now_ns(self) -> int:
        """True time."""

    def emit(self, connection: Connection, segment: Segment) -> None:
        """Send a segment to the other side."""

    def after(self, delay_ns: int, action: Callable[..., None], argument: int) -> None:
        """Call ``action(argument)`` later, unless the machine has lost its power by then."""

    def opened(self, connection: Connection) -> None:
        """The handshake of a connection that came in is over."""

    def forget(self, connection: Connection) -> None:
        """The connection is over: its segments are no longer known here."""


class Connection:
    """One end of a connection. Made by a stack.

    Args:
        wire: The stack.
        local_port, remote, remote_port: Its name: own port, other machine, port there.
        heard: The SYN that began it, if the other side did.

    Attributes:
        state: ``"syn-sent"``, ``"syn-received"``, ``"open"``, ``"time-wait"`` or ``"closed"``.
        changed: Called when there may be something new for who waits: data, room, the end, an error.
        error: Why it broke, as an error number of the operating system; or None. The program is told once of it.
        incoming: The other side began it.
        retransmissions: Segments sent again so far.
    """

    __slots__ = (
        "_alarm_ns", "_due_ns", "_duplicates", "_edge", "_fin", "_first", "_heard_ns", "_in", "_keep_alive",
        "_lingers", "_orphan", "_out", "_passive", "_probes", "_recover", "_resent", "_round_trip", "_sent", "_told",
        "_untold", "_wire", "changed", "error", "incoming", "local_port", "remote", "remote_port", "retransmissions",
        "state",
    )  # fmt: skip

    def __init__(self, wire: Wire, local_port: int, remote: str, remote_port: int, *, heard: Segment | None) -> None:
        self._wire = wire
        self.local_port = local_port
        self.remote = remote
        self.remote_port = remote_port
        self.incoming = heard is not None
        self.state = "syn-sent" if heard is None else "syn-received"
        self.changed: Callable[[], None] = lambda: None
        self.error: int | None = None
        self._untold = False  # the program does not know of the error yet
        self.retransmissions = 0
        # Sending. Everything before _first is acknowledged, everything before _sent was sent once; _out begins at
        # _first. It begins with the time, so that a later connection never has the numbers of an earlier one.
        self._first = self._sent = self._recover = self._resent = wire.now_ns
        self._edge = self._first  # the first number beyond the other side's window; it never moves back
        self._out = bytearray()
        self._fin: int | None = None  # the number of our FIN, once it is decided
        self._round_trip = RoundTrip()
        self._duplicates = 0
        # Receiving.
        self._in = Reassembly(0 if heard is None else heard.sequence + 1)
        self._told = self._in.taken  # where the window ended that the other side was last told of
        # The end.
        self._orphan = False  # the program has let go of it
        self._passive = False  # the other side ended first
        self._lingers = False
        # Time.
        self._keep_alive: tuple[int, int, int] | None = None
        self._heard_ns = wire.now_ns
        self._probes = 0
        self._due_ns: int | None = None
        self._alarm_ns: int | None = None
        if heard is not None:
            self._edge += 1 + heard.window
        self._sent += 1
        self._round_trip.begin(self._sent, wire.now_ns)
        self._say_hello()
        self._set_timer(restart=True)

    # For the program

    @property
    def established(self) -> bool:
        """Whether the handshake is over and nothing has broken the connection since."""
        return self.state == "open"

    @property
    def room(self) -> int:
        """How many bytes ``write`` would take now."""
        return max(BUFFER_BYTES - len(self._out), 0)

    @property
    def readable(self) -> bool:
        """Whether ``read`` would return or raise something now."""
        return bool(self._in.unread) or self._in.ended or self.state == "closed"

    @property
    def finishing(self) -> bool:
        """Whether this side has said that it sends no more."""
        return self._fin is not None

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take as much of *data* as fits into the send buffer, send what the window allows, and return how much.

        Raises:
            OSError: the connection is broken, or this side has ended it.
        """
        if self._untold:
            raise _error(self.take_error())
        if self._fin is not None or self.state == "closed":
            raise _error(errno.EPIPE)
        taken = data[: self.room]
        self._out += taken
        self._transmit()
        return len(taken)

    def read(self, bytes_max: int) -> bytes | None:
        """Return up to *bytes_max* bytes; ``b""`` at the end; None if there is nothing yet.

        Raises:
            OSError: the connection is broken, and everything that arrived before has been read. Only once.
        """
        if self._in.unread:
            data = self._in.read(bytes_max)
            # A silly window is not worth a segment: tell of room for two segments, or of half of the buffer.
            opened = self._in.taken + self._in.window - self._told
            if self.state == "open" and not self._in.ended and opened >= 2 * SEGMENT_BYTES_MAX:
                self._acknowledge()
            return data
        if self._in.ended:
            return b""
        if self.state == "closed":
            if self._untold or self.error is None:
                raise _error(self.take_error() or errno.ECONNABORTED)
            return b""
        return None

    def peek(self, bytes_max: int) -> bytes | None:
        """Return what ``read`` would return, and leave it there; None where that would wait or raise."""
        return bytes(self._in.unread[:bytes_max]) or (b"" if self._in.ended else None)

    def take_error(self) -> int:
        """Return the number of the error that broke it, if the program was not told of it yet; else 0."""
        told, self._untold = not self._untold, False
        return 0 if told else self.error or 0

    def shut_down(self) -> None:
        """Send no more: a FIN follows the bytes written so far. Receiving goes on."""
        if self._fin is None and self.state == "open":
            self._passive = self._in.ended
            self._fin = self._first + len(self._out)
            self._transmit()

    def keep_alive(self, idle_ns: int, interval_ns: int, probes_max: int) -> None:
        """Probe the other side once nothing was heard for *idle_ns*; break after *probes_max* without an answer."""
        self._keep_alive = (idle_ns, interval_ns, probes_max)
        self._set_timer(restart=True)

    def close(self) -> None:
        """The program lets go of the connection; what was written is still delivered.

        If it leaves bytes unread, the other side gets a reset, as from Linux: they are lost, and it should know.
        """
        if self._orphan:
            return
        self._orphan = True
        if self.state == "syn-sent":
            self._end()
        elif self.state == "syn-received" or (self.state == "open" and self._in.unread):
            self.abort()
        elif self.state == "open":
            self.shut_down()
            self._finish_if_done()

    def abort(self) -> None:
        """Break the connection off and tell the other side by a reset."""
        if self.state in ("open", "syn-received"):
            self._emit(self._sent, reset=True)
        self.vanish()

    def vanish(self, error: int | None = None) -> None:
        """This end is gone, and the other side is told nothing; whoever waits here gets *error*."""
        if self.state != "closed":
            self.error, self._untold = error, error is not None
            self._end()

    # Segments in

    def receive(self, segment: Segment) -> None:
        """A segment of this connection has arrived."""
        self._heard_ns, self._probes = self._wire.now_ns, 0
        if self.state == "syn-sent":
            self._receive_answer(segment)
        elif segment.reset:
            if segment.sequence == self._in.taken:
                self.vanish(errno.EPIPE if self._in.ended else errno.ECONNRESET)
            elif self._in.taken < segment.sequence < self._in.taken + self._in.window:
                self._acknowledge()  # RFC 5961: who is really gone repeats it with the right number
        elif segment.syn:
            if self.state == "syn-received":
                self._say_hello()
            else:
                self._acknowledge()  # an old one; or the other side forgot this connection, and will say so
        elif segment.acknowledged is not None:
            self._receive_acknowledgement(segment, segment.acknowledged)
            if self.state != "closed":
                self._receive_data(segment)

    def _receive_answer(self, segment: Segment) -> None:
        if segment.acknowledged != self._sent:
            if segment.acknowledged is not None and not segment.reset:
                self._emit(segment.acknowledged, reset=True)  # it speaks of a connection that is no more
        elif segment.reset:
            self.vanish(errno.ECONNREFUSED)
        elif segment.syn:
            self._in.taken = segment.sequence + 1
            self.state = "open"
            self._receive_acknowledgement(segment, segment.acknowledged)
            self._acknowledge()

    def _receive_acknowledgement(self, segment: Segment, acknowledged: int) -> None:
        if acknowledged > self._sent:  # of something that was never sent
            self._acknowledge()
            return
        if self.state == "syn-received" and acknowledged == self._sent:
            self.state = "open"
            self._wire.opened(self)
        grown = acknowledged + segment.window > self._edge
        advanced = acknowledged > self._first
        self._edge = max(self._edge, acknowledged + segment.window)
        if grown and self._first == self._sent:
            self._round_trip.backoff = 0
        if advanced:
            self._advance(acknowledged)
        elif acknowledged == self._first < self._sent and not (segment.data or segment.fin or grown):
            self._duplicates += 1
            if self._duplicates == 3 and self._first >= self._recover:
                self._recover = self._sent
                self._retransmit()
        self._transmit()
        self._finish_if_done()
        if grown or advanced:
            self.changed()

    def _advance(self, acknowledged: int) -> None:
        self._round_trip.end(acknowledged, self._wire.now_ns)
        del self._out[: acknowledged - self._first]  # a SYN or FIN is counted too, and then nothing is left
        self._first = acknowledged
        self._duplicates = 0
        self._set_timer(restart=True)
        if self._resent <= acknowledged < self._recover:  # one hole is filled, here is the next (RFC 6582)
            self._retransmit()

    def _receive_data(self, segment: Segment) -> None:
        if not segment.data and not segment.fin:
            if segment.sequence == self._in.taken - 1:  # a probe
                self._acknowledge()
        elif self._orphan and segment.data and segment.sequence + len(segment.data) > self._in.taken:
            self.abort()  # nobody will ever read it
        elif self.state == "open" and self._in.put(segment.sequence, segment.data, ends=segment.fin):
            self._acknowledge()
            self._finish_if_done()
            self.changed()
        else:
            self._acknowledge()

    # Segments out

    def _emit(
        self, sequence: int, data: bytes = b"", *, syn: bool = False, fin: bool = False, reset: bool = False
    ) -> None:
        self._told = self._in.taken + self._in.window
        segment = Segment(
            source_port=self.local_port,
            target_port=self.remote_port,
            sequence=sequence,
            acknowledged=None if self.state == "syn-sent" else self._in.taken,
            window=self._in.window,
            syn=syn,
            fin=fin,
            reset=reset,
            data=data,
        )
        self._wire.emit(self, segment)

    def _say_hello(self) -> None:
        self._emit(self._first, syn=True)

    def _acknowledge(self) -> None:
        self._emit(self._sent)

    def _probe(self) -> None:
        self._probes += 1
        self._emit(self._first - 1)  # a number long acknowledged: it cannot but be answered

    def _transmit(self) -> None:
        """Send what was not sent yet and fits into the other side's window."""
        if self.state != "open":
            return
        rested = self._first == self._sent
        while True:
            offset = self._sent - self._first
            size = min(len(self._out) - offset, SEGMENT_BYTES_MAX, self._edge - self._sent)
            if size <= 0:
                break
            self._emit(self._sent, bytes(self._out[offset : offset + size]))
            self._sent += size
            self._round_trip.begin(self._sent, self._wire.now_ns)
        if self._sent == self._fin:
            self._emit(self._sent, fin=True)
            self._sent += 1
        self._set_timer(restart=rested and self._first < self._sent)

    def _retransmit(self) -> None:
        """Send the oldest segment again."""
        self._round_trip.void()
        self.retransmissions += 1
        if self.state in ("syn-sent", "syn-received"):
            self._say_hello()
        elif self._out:
            data = bytes(self._out[: min(SEGMENT_BYTES_MAX, self._sent - self._first)])
            self._resent = self._first + len(data)
            self._emit(self._first, data)
        elif self._first == self._fin:
            self._emit(self._first, fin=True)

    # Time

    def _set_timer(self, *, restart: bool) -> None:
        """Have the one timer of this connection go off when it must; let it be where it is set already."""
        if self._first < self._sent or self._out:
            delay_ns = self._round_trip.timeout_ns
        elif self._keep_alive is not None and self.state == "open":
            idle_ns, interval_ns, _ = self._keep_alive
            delay_ns = interval_ns if self._probes else self._heard_ns + idle_ns - self._wire.now_ns
        else:
            self._due_ns = None
            return
        if restart or self._due_ns is None:
            self._due_ns = self._wire.now_ns + max(delay_ns, 0)
            if self._alarm_ns is None or self._due_ns < self._alarm_ns:
                self._set_alarm(self._due_ns)

    def _set_alarm(self, due_ns: int) -> None:
        self._alarm_ns = due_ns
        self._wire.after(due_ns - self._wire.now_ns, self._wake, due_ns)

    def _wake(self, alarm_ns: int) -> None:
        if alarm_ns != self._alarm_ns:
            return  # an earlier one has been set since
        self._alarm_ns = None
        if self._due_ns is not None and self.state != "closed":
            if self._wire.now_ns < self._due_ns:
                self._set_alarm(self._due_ns)
            else:
                self._time_out()

    def _time_out(self) -> None:
        if self._given_up():
            self.vanish(errno.ETIMEDOUT)
            return
        if self._first < self._sent:
            self._round_trip.backoff += 1
            self._duplicates = 0
            self._recover = self._sent
            self._retransmit()
        elif self._out:  # the other side's window is closed
            self._round_trip.backoff = min(self._round_trip.backoff + 1, _RETRIES_MAX)
            self._probe()
        elif self._keep_alive is not None and (
            self._probes or self._wire.now_ns >= self._heard_ns + self._keep_alive[0]
        ):
            self._probe()
        self._set_timer(restart=True)

    def _given_up(self) -> bool:
        """Whether the other side has not answered for too long."""
        if self._first < self._sent:
            return self._round_trip.backoff >= (_RETRIES_MAX if self.state == "open" else _HANDSHAKE_RETRIES_MAX)
        probes_max = _RETRIES_MAX if self._out or self._keep_alive is None else self._keep_alive[2]
        return self._probes >= probes_max

    # The end

    def _finish_if_done(self) -> None:
        """If our FIN is acknowledged: wait for the other side's, or for its last segments, or be over."""
        if self.state != "open" or self._fin is None or self._first <= self._fin:
            return
        if self._in.ended and self._passive:
            self._end()
            return
        if self._in.ended:
            self.state = "time-wait"
        if (self._in.ended or self._orphan) and not self._lingers:
            self._lingers = True
            self._wire.after(_LINGER_NS, self._stop_lingering, 0)

    def _stop_lingering(self, _: int) -> None:
        if self.state != "closed":
            self._end()

    def _end(self) -> None:
        self.state = "closed"
        self._due_ns = None
        self._out.clear()
        self._wire.forget(self)
        self.changed()
