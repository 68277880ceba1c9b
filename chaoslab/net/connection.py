"""One end of a simulated TCP connection: reliable, ordered bytes over links that lose, repeat and reorder.

What it keeps of the real thing (RFC 9293): the three-way handshake, sequence numbers, cumulative acknowledgement,
retransmission with the timeout of RFC 6298 and after three duplicate acknowledgements, a bounded receive window with
probes of a closed one, half-close, TIME-WAIT, resets and how RFC 5961 guards against stray ones, and the discovery of
half-open connections (section 3.5.1). Retries and limits are Linux's.

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
from heapq import heappop, heappush
from typing import Final, Protocol

from chaoslab.net.packets import Segment

__all__ = ["BUFFER_BYTES", "SEGMENT_BYTES_MAX", "Connection", "Wire"]

SEGMENT_BYTES_MAX: Final = 1460
BUFFER_BYTES: Final = 65_535
"""Of the receive buffer, so also of the largest window; and of the send buffer."""

_S: Final = 1_000_000_000
_TIMEOUT_FIRST_NS: Final = 1 * _S
_TIMEOUT_MIN_NS: Final = _S // 5
_TIMEOUT_MAX_NS: Final = 120 * _S
_HANDSHAKE_RETRIES_MAX: Final = 6  # then ETIMEDOUT after 127 s
_RETRIES_MAX: Final = 15  # then ETIMEDOUT, after 15 minutes or more
_LINGER_NS: Final = 60 * _S  # in TIME-WAIT, and in FIN-WAIT-2 after close


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

    Attributes:
        local_port, remote, remote_port: Its name: own port, other machine, port there.
        state: ``"syn-sent"``, ``"syn-received"``, ``"open"``, ``"time-wait"`` or ``"closed"``.
        changed: Called when there may be something new for who waits: data, room, the end, an error.
        error: Why it broke, as an error number of the operating system; or None.
        incoming: The other side began it.
        ended: The other side has sent its last byte, and all of them have arrived.
        retransmissions: Segments sent again so far.
    """

    __slots__ = (
        "_advertised", "_backoff", "_due_ns", "_duplicates", "_early", "_edge", "_fin_sequence", "_first", "_heard_ns",
        "_in", "_keep_alive", "_lingers", "_orphan", "_out", "_passive", "_peer_fin", "_probes", "_recover", "_rtt_ns",
        "_rtt_variation_ns", "_sent", "_taken", "_timed", "_wake_ns", "_wire", "changed", "ended", "error", "incoming",
        "local_port", "remote", "remote_port", "retransmissions", "state",
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
        self.ended = False
        self.retransmissions = 0
        # Sending. Everything from _first on is not acknowledged yet; _out begins at _first once the SYN is.
        self._first = wire.now_ns  # so that a later connection never has the numbers of an earlier one
        self._sent = self._first  # the next number to send
        self._edge = self._first  # the first number beyond the other side's window; it never shrinks
        self._out = bytearray()
        self._fin_sequence: int | None = None  # of our FIN, once it is decided
        # Receiving. Everything before _taken has arrived.
        self._taken = 0 if heard is None else heard.sequence + 1
        self._advertised = self._taken
        self._in = bytearray()
        self._early: list[tuple[int, bytes]] = []  # a heap of what arrived before its turn
        self._peer_fin: int | None = None
        self._orphan = False  # the program has let go of it
        self._passive = False  # the other side ended first
        self._lingers = False
        # Timing.
        self._rtt_ns = 0
        self._rtt_variation_ns = 0
        self._timed: tuple[int, int] | None = None  # (when it is acknowledged, that was sent at)
        self._backoff = 0
        self._duplicates = 0
        self._recover = self._first
        self._due_ns: int | None = None
        self._wake_ns: int | None = None
        self._keep_alive: tuple[int, int, int] | None = None
        self._heard_ns = wire.now_ns
        self._probes = 0
        if heard is not None:
            self._edge = self._first + 1 + heard.window
        self._sent += 1
        self._timed = (self._sent, wire.now_ns)
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
        return bool(self._in) or self.ended or self.state == "closed"

    @property
    def finishing(self) -> bool:
        """Whether this side has said that it sends no more."""
        return self._fin_sequence is not None

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take as much of *data* as fits into the send buffer, send what the window allows, and return how much.

        Raises:
            OSError: the connection is broken, or this side has ended it.
        """
        if self.error is not None:
            raise _error(self.error)
        if self._fin_sequence is not None or self.state == "closed":
            raise _error(errno.EPIPE)
        taken = data[: self.room]
        self._out += taken
        self._transmit()
        return len(taken)

    def read(self, bytes_max: int) -> bytes | None:
        """Return up to *bytes_max* bytes; ``b""`` at the end; None if there is nothing yet.

        Raises:
            OSError: the connection is broken, and everything that arrived before has been read.
        """
        if self._in:
            data = bytes(self._in[:bytes_max])
            del self._in[:bytes_max]
            # Silly windows are not worth a segment: tell of room for two segments or half of the buffer.
            if self.state == "open" and not self.ended:
                opened = self._taken + self._window - self._advertised
                if opened >= min(2 * SEGMENT_BYTES_MAX, BUFFER_BYTES // 2):
                    self._acknowledge()
            return data
        if self.ended:
            return b""
        if self.error is not None or self.state == "closed":
            raise _error(self.error or errno.ECONNABORTED)
        return None

    def shut_down(self) -> None:
        """Send no more: a FIN follows the bytes written so far. Receiving goes on."""
        if self._fin_sequence is None and self.state == "open":
            self._passive = self.ended
            self._fin_sequence = self._first + len(self._out)
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
        elif self.state in ("open", "syn-received"):
            if self._in or self.state == "syn-received":
                self.abort()
            else:
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
            self.error = error
            self._end()

    # Segments in

    def receive(self, segment: Segment) -> None:
        """A segment of this connection has arrived."""
        self._heard_ns, self._probes = self._wire.now_ns, 0
        if self.state == "syn-sent":
            self._receive_answer(segment)
        elif segment.reset:
            if segment.sequence == self._taken:
                self.vanish(errno.ECONNRESET)
            elif self._taken < segment.sequence < self._taken + self._window:
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
            self._taken = segment.sequence + 1
            self.state = "open"
            self._receive_acknowledgement(segment, segment.acknowledged)
            self._acknowledge()
            self.changed()

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
            self._backoff = 0
        if advanced:
            self._advance(acknowledged)
        elif acknowledged == self._first < self._sent and not (segment.data or segment.fin or grown):
            self._duplicates += 1
            if self._duplicates == 3:
                self._recover = self._sent
                self._retransmit()
        self._transmit()
        self._finish_if_done()
        if grown or advanced:
            self.changed()

    def _advance(self, acknowledged: int) -> None:
        if self._timed is not None and acknowledged >= self._timed[0]:
            self._measure(self._wire.now_ns - self._timed[1])
            self._timed = None
        del self._out[: acknowledged - self._first]  # a SYN or FIN is counted too, and then nothing is left
        self._first = acknowledged
        self._duplicates = self._backoff = 0
        self._set_timer(restart=True)
        if acknowledged < self._recover:  # one hole is filled, here is the next (RFC 6582)
            self._retransmit()

    def _receive_data(self, segment: Segment) -> None:
        start, data = segment.sequence, segment.data
        if not data and not segment.fin:
            if start == self._taken - 1:  # a probe
                self._acknowledge()
            return
        end = start + len(data)
        if self._orphan and data and end > self._taken:  # nobody will ever read it
            self.abort()
            return
        beyond = self._taken + self._window
        if self.state == "open" and start <= beyond:
            if data:
                heappush(self._early, (start, data[: max(beyond - start, 0)]))
            if segment.fin:
                self._peer_fin = end
            if self._take_what_is_due():
                self._acknowledge()
                self._finish_if_done()
                self.changed()
                return
        self._acknowledge()

    def _take_what_is_due(self) -> bool:
        before = self._taken
        while self._early and self._early[0][0] <= self._taken:
            start, data = heappop(self._early)
            fresh = data[self._taken - start :]
            self._in += fresh
            self._taken += len(fresh)
        if self._taken == self._peer_fin and not self.ended:
            self._taken += 1
            self.ended = True
        return self._taken > before

    # Segments out

    @property
    def _window(self) -> int:
        return BUFFER_BYTES - len(self._in)

    def _emit(
        self, sequence: int, data: bytes = b"", *, syn: bool = False, fin: bool = False, reset: bool = False
    ) -> None:
        self._advertised = self._taken + self._window
        self._wire.emit(
            self,
            Segment(
                source_port=self.local_port,
                target_port=self.remote_port,
                sequence=sequence,
                acknowledged=None if self.state == "syn-sent" else self._taken,
                window=self._window,
                syn=syn,
                fin=fin,
                reset=reset,
                data=data,
            ),
        )

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
        resting = self._first == self._sent
        while True:
            offset = self._sent - self._first
            size = min(len(self._out) - offset, SEGMENT_BYTES_MAX, self._edge - self._sent)
            if size <= 0:
                break
            self._emit(self._sent, bytes(self._out[offset : offset + size]))
            self._sent += size
            if self._timed is None:
                self._timed = (self._sent, self._wire.now_ns)
        if self._sent == self._fin_sequence:
            self._emit(self._sent, fin=True)
            self._sent += 1
        self._set_timer(restart=resting and self._first < self._sent)

    def _retransmit(self) -> None:
        """Send the oldest segment again; its round trip says nothing from now on (Karn's rule)."""
        self._timed = None
        self.retransmissions += 1
        if self.state in ("syn-sent", "syn-received"):
            self._say_hello()
        elif self._out:
            self._emit(self._first, bytes(self._out[: min(SEGMENT_BYTES_MAX, self._sent - self._first)]))
        elif self._first == self._fin_sequence:
            self._emit(self._first, fin=True)

    # Time

    def _measure(self, sample_ns: int) -> None:
        """Smooth the round-trip time (RFC 6298, section 2)."""
        if self._rtt_ns == 0:
            self._rtt_ns, self._rtt_variation_ns = sample_ns, sample_ns // 2
        else:
            self._rtt_variation_ns = (3 * self._rtt_variation_ns + abs(self._rtt_ns - sample_ns)) // 4
            self._rtt_ns = (7 * self._rtt_ns + sample_ns) // 8

    @property
    def _timeout_ns(self) -> int:
        patient = self._rtt_ns + 4 * self._rtt_variation_ns if self._rtt_ns else _TIMEOUT_FIRST_NS
        return min(max(patient, _TIMEOUT_MIN_NS) << self._backoff, _TIMEOUT_MAX_NS)

    def _set_timer(self, *, restart: bool) -> None:
        """Have the one timer of this connection go off when it must; let it be where it is set already."""
        if self._first < self._sent or self._out:
            delay_ns = self._timeout_ns
        elif self._keep_alive is not None and self.state == "open":
            idle_ns, interval_ns, _ = self._keep_alive
            delay_ns = interval_ns if self._probes else self._heard_ns + idle_ns - self._wire.now_ns
        else:
            self._due_ns = None
            return
        if restart or self._due_ns is None:
            self._due_ns = self._wire.now_ns + max(delay_ns, 0)
            if self._wake_ns is None or self._due_ns < self._wake_ns:
                self._set_alarm(self._due_ns)

    def _set_alarm(self, due_ns: int) -> None:
        self._wake_ns = due_ns
        self._wire.after(due_ns - self._wire.now_ns, self._wake, due_ns)

    def _wake(self, wake_ns: int) -> None:
        if wake_ns != self._wake_ns:
            return  # an earlier one has been set since
        self._wake_ns = None
        if self._due_ns is not None and self.state != "closed":
            if self._wire.now_ns < self._due_ns:
                self._set_alarm(self._due_ns)
            else:
                self._time_out()

    def _time_out(self) -> None:
        if self._first < self._sent:
            if self._backoff >= (_RETRIES_MAX if self.state == "open" else _HANDSHAKE_RETRIES_MAX):
                self.vanish(errno.ETIMEDOUT)
                return
            self._backoff += 1
            self._duplicates = 0
            self._recover = self._sent
            self._retransmit()
        elif self._out:  # the other side's window is closed
            self._backoff = min(self._backoff + 1, _RETRIES_MAX)
            if self._probes >= _RETRIES_MAX:
                self.vanish(errno.ETIMEDOUT)
                return
            self._probe()
        elif self._keep_alive is not None:
            idle_ns, _, probes_max = self._keep_alive
            if self._probes >= probes_max:
                self.vanish(errno.ETIMEDOUT)
                return
            if self._probes or self._wire.now_ns >= self._heard_ns + idle_ns:
                self._probe()
        self._set_timer(restart=True)

    # The end

    def _finish_if_done(self) -> None:
        """Our FIN was acknowledged: wait for the other side's, or for its last segments, or be over."""
        if self.state != "open" or self._fin_sequence is None or self._first <= self._fin_sequence:
            return
        if self.ended and self._passive:
            self._end()
            return
        if self.ended:
            self.state = "time-wait"
        if (self.ended or self._orphan) and not self._lingers:
            self._lingers = True
            self._wire.after(_LINGER_NS, self._stop_lingering, 0)

    def _stop_lingering(self, _: int) -> None:
        if self.state != "closed":
            self._end()

    def _end(self) -> None:
        self.state = "closed"
        self._due_ns = None
        self._out.clear()
        self._early.clear()
        self._wire.forget(self)
        self.changed()
