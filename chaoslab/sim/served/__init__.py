"""The standard library as a node's program sees it: time, randomness, files and worker threads of its own.

Natural programs ask ``time``, ``random``, ``uuid``, ``open`` and ``os``. While a simulation runs, what would reach the
real machine is replaced by functions that look whose code asks, and serve it from there.

Rules:

1. Only the simulation's own thread is served, and in it the code of nodes and clients, the test's and state machines.
   The test and state machines have true time and a common stream; files only nodes and clients have.
2. Everything is put back when the run ends, also when it raises.
3. What cannot be served is refused with ``EscapedSimulation``, where Python tells of it.

    process.py      (one level up) whose code runs now
    bindings.py     which names are bound to what is replaced
    clocks.py       time
    dates.py        datetime
    randomness.py   random, os.urandom, uuid, secrets, names
    files.py        open, and the functions of os for files
    opened.py       what open gives
    sockets.py      socket.socket
    polling.py      select.select and select.poll of what is ready now
    workers.py      trio.to_thread, and AnyIO's on asyncio
    logs.py         handlers of logging
    ages.py         hashes of what programs keep in sets
    locks.py        threading.Lock
    handlers.py     handlers of signals
    awaitables.py   asyncio.as_completed and all_tasks
    refused.py      what nobody can serve
"""

from __future__ import annotations

from chaoslab.sim.served.serving import serving

__all__ = ["serving"]
