"""Programs on asyncio inside the simulation: its streams, servers, timers and tasks on a node's sockets and clock."""

from __future__ import annotations

import asyncio
import logging
import random
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio

import chaoslab as cl
from chaoslab.sim import Engine

Program = Callable[..., Awaitable[Any]]


async def nothing(node: cl.Node) -> None:
    """A program that is none."""


def programs(
    client: Program, server: Program = nothing, *, faults: tuple[Any, ...] = (), seconds: float = 100, **more: Any
) -> Any:
    """Run *server* on n1 and half a second later *client* on n2, both on asyncio, and return what *client* returned."""
    results: list[Any] = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await server(node)
        else:
            await asyncio.sleep(0.5)
            results.append(await client(node))

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        with cluster.faults(*faults):
            await trio.sleep(seconds)

    cl.run(main, **more)
    return results[0]


def in_main(serve: Program, act: Callable[[cl.Cluster], Awaitable[Any]], *, nodes: int = 1, **more: Any) -> Any:
    """Run *serve* on nodes and *act* beside them, and return what that returned."""

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(serve, nodes=nodes)
        return await act(cluster)

    return cl.run(main, **more)


async def for_ten_seconds(cluster: cl.Cluster) -> None:
    await trio.sleep(10)


# Streams and datagrams, as asyncio's documentation has them: nothing here knows of ChaosLab.


async def echo_server(node: cl.Node) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(10_000):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(handle, port=7000)
    async with server:
        await server.serve_forever()


def test_a_server_and_a_client_speak_over_the_simulated_network() -> None:
    """A megabyte there and back, with the windows of both sides; time is virtual."""

    async def client(node: cl.Node) -> tuple[int, float, Any]:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("n1", 7000)
        peer = writer.get_extra_info("peername")

        async def send() -> None:
            for _ in range(100):
                writer.write(b"x" * 10_000)
                await writer.drain()
            writer.write_eof()

        sending = asyncio.create_task(send())
        size = 0
        while data := await reader.read(100_000):
            size += len(data)
        await sending
        writer.close()
        await writer.wait_closed()
        return size, time.monotonic() - began, peer

    size, took, peer = programs(client, echo_server)
    assert (size, peer) == (1_000_000, ("10.0.0.1", 7000))
    assert 0.004 < took < 1


def test_datagrams_go_both_ways() -> None:
    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(data.upper(), addr)

    async def server(node: cl.Node) -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(Server, ("0.0.0.0", 53))  # noqa: S104
        await asyncio.sleep(90)

    class Client(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.answer = asyncio.get_running_loop().create_future()

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.answer.set_result((data, addr))

    async def client(node: cl.Node) -> Any:
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=("n1", 53))
        transport.sendto(b"hello")
        return await protocol.answer

    assert programs(client, server) == (b"HELLO", ("10.0.0.1", 53))


def test_what_cannot_be_reached_fails_as_on_a_real_machine() -> None:
    """Nobody listens; nobody has that name; nobody answers; the other side resets."""

    async def client(node: cl.Node) -> list[type[BaseException]]:
        found = []
        for host, port in (("n1", 81), ("nobody", 80), ("10.9.9.9", 80)):
            try:
                await asyncio.wait_for(asyncio.open_connection(host, port), 5)
            except Exception as error:
                found.append(type(error))
        reader, writer = await asyncio.open_connection("n1", 7001)
        try:
            while await reader.read(100):
                writer.write(b"more")
        except ConnectionError as error:
            found.append(type(error))
        return found

    async def server(node: cl.Node) -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(1)
            writer.transport.abort()  # with bytes unread

        await (await asyncio.start_server(handle, port=7001)).serve_forever()

    found = programs(client, server)
    assert found[0] is ConnectionRefusedError
    assert found[1] is socket.gaierror
    assert issubclass(found[2], OSError | TimeoutError)
    assert found[3] is ConnectionResetError


def test_the_loop_s_functions_for_sockets_work_on_sockets_of_the_standard_library() -> None:
    async def server(node: cl.Node) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as listener:
            listener.setblocking(False)
            listener.bind(("", 7000))
            listener.listen()
            connection, _ = await loop.sock_accept(listener)
            buffer = bytearray(5)
            await loop.sock_recv_into(connection, buffer)
            await loop.sock_sendall(connection, bytes(reversed(buffer)))
            await asyncio.sleep(1)
            connection.close()

    async def client(node: cl.Node) -> Any:
        loop = asyncio.get_running_loop()
        plain = socket.socket()
        plain.setblocking(False)
        await loop.sock_connect(plain, ("n1", 7000))
        assert select.select([plain], [plain], [], 0) == ([], [plain], [])
        await loop.sock_sendall(plain, b"hello")
        arrived = asyncio.Event()
        loop.add_reader(plain, arrived.set)
        await arrived.wait()
        loop.remove_reader(plain)
        polled = select.poll()
        polled.register(plain, select.POLLIN)
        assert polled.poll(0) == [(plain.fileno(), select.POLLIN)]
        return plain.recv(100), await loop.sock_recv(plain, 100)

    assert programs(client, server) == (b"olleh", b"")


def test_a_port_belongs_to_who_has_bound_it() -> None:
    """It has its number at once, nobody else gets it, and a socket that listens already is taken as it is."""

    async def client(node: cl.Node) -> Any:
        plain = socket.create_server(("", 0))
        port = plain.getsockname()[1]
        with pytest.raises(OSError, match="address already in use"):
            await asyncio.start_server(lambda reader, writer: writer.close(), port=port)
        server = await asyncio.start_server(lambda reader, writer: writer.close(), sock=plain)
        own = socket.socket()
        own.setblocking(False)
        own.bind(("", 0))
        mine = own.getsockname()[1]
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", port))
        names = own.getsockname(), own.getpeername()
        own.close()
        server.close()
        await server.wait_closed()
        again = await asyncio.start_server(lambda reader, writer: writer.close(), port=port)
        again.close()
        return port > 0, names == (("127.0.0.1", mine), ("127.0.0.1", port))

    assert programs(client) == (True, True)


def test_an_error_of_a_connection_is_told_once() -> None:
    """The reset, then the end; and whoever drains learns of it, however full the buffers are."""

    async def server(node: cl.Node) -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.5)
            writer.transport.abort()  # with bytes unread

        await (await asyncio.start_server(handle, port=7000)).serve_forever()

    async def client(node: cl.Node) -> Any:
        plain = socket.socket()
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, ("n1", 7000))
        plain.send(b"hello")
        _, writer = await asyncio.open_connection("n1", 7000)

        async def send() -> None:
            while True:
                writer.write(b"x" * 100_000)
                await writer.drain()

        with pytest.raises(ConnectionError):
            await send()
        writer.close()
        with pytest.raises(ConnectionError):
            await writer.wait_closed()
        with pytest.raises(ConnectionResetError):
            plain.recv(100)
        with pytest.raises(BrokenPipeError):
            plain.send(b"more")
        assert plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        return plain.recv(100)

    assert programs(client, server) == b""


def test_peeking_leaves_what_it_sees_and_other_flags_are_refused() -> None:
    async def client(node: cl.Node) -> Any:
        plain = socket.socket()
        plain.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(plain, ("n1", 7000))
        await loop.sock_sendall(plain, b"hello")
        await asyncio.sleep(1)
        with pytest.raises(OSError, match="not supported"):
            plain.recv(2, socket.MSG_OOB)
        peeked = plain.recv(2, socket.MSG_PEEK)
        plain.shutdown(socket.SHUT_RD)
        return peeked, plain.recv(100), plain.recv(100)

    assert programs(client, echo_server) == (b"he", b"hello", b"")


@pytest.mark.usefixtures("silence")
def test_a_socket_that_is_closed_is_watched_no_more() -> None:
    """As by a real selector: nothing is called, and what was left is taken away by its old number."""

    async def client(node: cl.Node) -> Any:
        loop = asyncio.get_running_loop()
        plain = socket.socket()
        plain.setblocking(False)
        await loop.sock_connect(plain, ("n1", 7000))
        called: list[int] = []
        loop.add_reader(plain, called.append, 1)
        number = plain.fileno()
        plain.close()
        await asyncio.sleep(1)
        with pytest.raises(ValueError, match="Invalid file descriptor"):
            loop.add_reader(-1, print)
        return called, loop.remove_reader(number), loop.remove_reader(number)

    assert programs(client, echo_server) == ([], True, False)


def test_a_machine_knows_its_own_name_and_addresses_without_asking() -> None:
    async def client(node: cl.Node) -> Any:
        found = await asyncio.to_thread(socket.getaddrinfo, "127.0.0.1", 80, type=socket.SOCK_STREAM)
        by_service = await asyncio.get_running_loop().getaddrinfo("n1", "http", type=socket.SOCK_STREAM)
        return socket.getfqdn(), socket.gethostbyname("n2"), found[0][4], by_service[0][4]

    assert programs(client) == ("n2", "10.0.0.2", ("127.0.0.1", 80), ("10.0.0.1", 80))


# Time


def test_timers_run_on_the_node_s_own_clock() -> None:
    """A clock a tenth too fast: ten of its seconds are over after 9.09 true ones. A stopped one stops them."""
    woken = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        await asyncio.sleep(10)
        woken.append(time.monotonic())

    async def act(cluster: cl.Cluster) -> float:
        with cluster.faults(cl.clock_drift("n1", 100_000)):
            while not woken:
                await trio.sleep(0.01)
            return trio.current_time()

    assert in_main(serve, act) == pytest.approx(10 / 1.1, abs=0.02)
    assert woken == [pytest.approx(10)]


def test_a_change_of_rate_reaches_a_timer_that_runs() -> None:
    woken = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        await asyncio.sleep(10)
        woken.append(node.name)

    async def act(cluster: cl.Cluster) -> float:
        await trio.sleep(5)
        with cluster.faults(cl.clock_drift("n1", 1_000_000)):
            while not woken:
                await trio.sleep(0.01)
        return trio.current_time()

    assert in_main(serve, act) == pytest.approx(7.5, abs=0.02)


def test_a_pause_holds_the_loop_up() -> None:
    """Nothing runs while the node is paused; what was due happens at once after it."""
    ticks: list[float] = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        while True:
            await asyncio.sleep(1)
            ticks.append(time.monotonic())

    async def act(cluster: cl.Cluster) -> None:
        await trio.sleep(2.5)
        with cluster.faults(cl.pause("n1")):
            await trio.sleep(3)
        await trio.sleep(2)

    in_main(serve, act)
    assert ticks == [pytest.approx(at) for at in (1, 2, 5.5, 6.5, 7.5)][: len(ticks)]
    assert len(ticks) == 4


# The node itself


def test_what_waits_in_a_node_is_awaited_on_asyncio() -> None:
    """Messages, calls, timeouts, sleep and syncs; sending, roles and the log are what they were."""

    async def server(node: cl.Node) -> None:
        async for message in node:
            message.reply(message.body * 2)

    async def client(node: cl.Node) -> Any:
        with pytest.raises(TimeoutError):
            await node.recv(timeout=1)
        await node.sleep(1)
        first, second = await asyncio.gather(node.call("n1", 21), node.call("n1", "ab"))
        node.disk.write("file", b"content")
        await node.disk.fsync("file")
        node.become("leader")
        with pytest.raises(cl.UsageError, match=r"on asyncio use asyncio\.open_connection"):
            await node.connect("n1", 80)
        return first, second, node.disk.read("file"), await node.resolve("n1"), round(node.monotonic(), 1)

    assert programs(client, server) == (42, "abab", b"content", ("10.0.0.1",), 2.5)


def test_a_wait_that_is_cancelled_is_over_in_trio_too() -> None:
    """The message that comes later goes to who waits then."""

    async def client(node: cl.Node) -> Any:
        waiting = asyncio.create_task(node.recv())  # type: ignore[arg-type, var-annotated]
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.wait([waiting])
        node.send("n2", "to itself")
        return waiting.cancelled(), (await node.recv(timeout=1)).body

    assert programs(client) == (True, "to itself")


def test_worker_threads_run_at_once_and_their_syncs_take_time() -> None:
    def save() -> int:
        with open("file", "w") as file:  # noqa: PTH123
            file.write("content")
            file.flush()
            import os

            os.fsync(file.fileno())
        return Path("file").stat().st_size

    async def client(node: cl.Node) -> Any:
        began = time.monotonic()
        sizes = await asyncio.to_thread(save), await asyncio.get_running_loop().run_in_executor(None, save)
        return sizes, time.monotonic() > began

    assert programs(client) == ((7, 7), True)


def test_a_class_may_have_an_async_method_on_asyncio() -> None:
    seen = []

    class Server:
        @cl.on_asyncio
        async def serve(self, node: cl.Node) -> None:
            await asyncio.sleep(1)
            seen.append((node.name, self))

    in_main(Server, for_ten_seconds, nodes=2)
    assert sorted(name for name, _ in seen) == ["n1", "n2"]
    assert seen[0][1] is not seen[1][1]


# Life and death


@pytest.fixture
def silence(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Any:
    """Fail if anything was printed, warned of or logged by the end."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
    assert [str(one.message) for one in warned] == []
    assert [one.getMessage() for one in caplog.records if one.levelno > logging.INFO] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("seed", range(5))
def test_a_crash_ends_everything_without_a_word_and_without_effect(seed: int) -> None:
    """Power is cut at some moment: no ``finally`` reaches the disk or the network, and the next life serves again."""
    answers: list[bytes] = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while data := await reader.read(100):
                    await asyncio.sleep(0.01)
                    writer.write(data)
                    await writer.drain()
            except asyncio.CancelledError:
                logging.getLogger("of the node").error("cancelled")
                raise
            finally:
                Path("ended").write_bytes(b"an effect")
                node.send("n2", "an effect")
                await asyncio.sleep(0.01)
                writer.close()

        async def numbers() -> Any:
            try:
                while True:
                    yield 1
                    await asyncio.sleep(0.003)
            finally:
                await asyncio.sleep(1)

        async def count() -> None:
            async for _ in numbers():
                pass

        if node.name == "n1":
            assert not Path("ended").exists()
            counting = asyncio.create_task(count())
            async with await asyncio.start_server(handle, port=7000) as server:
                await asyncio.gather(server.serve_forever(), counting)
        while True:
            try:
                reader, writer = await asyncio.open_connection("n1", 7000)
                try:
                    writer.write(b"hello")
                    answers.append(await asyncio.wait_for(reader.read(100), 0.2))
                finally:
                    writer.close()
            except (OSError, TimeoutError):
                await asyncio.sleep(0.05)

    async def act(cluster: cl.Cluster) -> None:
        for _ in range(10):
            await trio.sleep(random.uniform(0.1, 0.3))
            with cluster.faults(cl.crash("n1")):
                await trio.sleep(0.1)
        await trio.sleep(0.5)

    in_main(serve, act, nodes=2, seed=seed)
    assert set(answers) >= {b"hello"}
    assert len(answers) > 5


@pytest.mark.usefixtures("silence")
def test_what_still_runs_when_the_function_returns_is_cancelled_as_by_asyncio_run() -> None:
    """Its ``finally`` has its effect: the node is alive."""
    ended = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        async def background() -> None:
            try:
                await asyncio.sleep(1000)
            finally:
                await asyncio.sleep(1)
                ended.append(time.monotonic())

        task = asyncio.create_task(background())
        await asyncio.sleep(2)
        assert not task.done()

    in_main(serve, for_ten_seconds)
    assert ended == [3]


def test_what_the_function_raises_ends_the_run_alone() -> None:
    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        await asyncio.sleep(1)
        raise ValueError("no way")

    with pytest.raises(cl.NodeError, match=r"node n1 raised ValueError: no way, at 1\.000000 s") as failed:
        in_main(serve, for_ten_seconds)
    assert isinstance(failed.value.__cause__, ValueError)


def test_a_program_that_ends_itself_in_a_task_is_blamed() -> None:
    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        async def leave() -> None:
            sys.exit(3)

        task = asyncio.create_task(leave())
        await asyncio.sleep(5)
        del task

    with pytest.raises(cl.NodeError, match="SystemExit"):
        in_main(serve, for_ten_seconds)


def test_a_task_nobody_waits_for_may_raise_as_in_a_real_program(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the program goes on."""

    async def client(node: cl.Node) -> str:
        async def fail() -> None:
            raise ValueError("nobody sees this")

        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        task = asyncio.create_task(fail())
        await asyncio.sleep(1)
        del task
        return "went on"

    assert programs(client) == "went on"
    assert [one.exc_info[0] for one in caplog.records if one.exc_info] == [ZeroDivisionError, ValueError]


def test_an_error_of_the_disk_that_is_not_handled_is_a_panic() -> None:
    """The node goes down, as on Trio, and the run goes on."""
    lives = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        lives.append(node.name)
        await asyncio.sleep(1)
        Path("file").write_bytes(b"x")

    async def act(cluster: cl.Cluster) -> bool:
        with cluster.faults(cl.io_error("n1", ratio=1.0, on="write")):
            await trio.sleep(5)
            panicked = cluster.node("n1").panicked
        await trio.sleep(5)
        return panicked

    assert in_main(serve, act)
    assert lives == ["n1", "n1"]


@pytest.mark.usefixtures("silence")
def test_tasks_that_will_not_end_are_let_go_of() -> None:
    """Told to end, they wait for something else, again and again; some were made past the loop."""
    begun = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        async def stubborn() -> None:
            begun.append(node.name)
            while True:
                try:
                    await asyncio.sleep(1)
                except BaseException:  # noqa: S112
                    continue

        tasks = [asyncio.create_task(stubborn()), asyncio.Task(stubborn())]
        await asyncio.wait(tasks)

    async def act(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        with cluster.faults(cl.crash("n1")):
            await trio.sleep(1)
        await trio.sleep(1)

    in_main(serve, act)
    assert begun == ["n1"] * 4


def test_a_loop_that_is_stopped_ends_its_program_as_asyncio_run_does() -> None:
    async def client(node: cl.Node) -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(1)

    with pytest.raises(cl.NodeError, match="Event loop stopped before Future completed"):
        programs(client)


def test_a_loop_that_never_waits_is_ended_by_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Engine.__init__.__kwdefaults__, "events_max_at_once", 1000)

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(cl.LimitExceeded, match="some task never waits"):
        in_main(serve, for_ten_seconds)


# One order, whatever the addresses in memory


def test_tasks_and_futures_go_through_sets_by_their_age() -> None:
    async def client(node: cl.Node) -> Any:
        async def work(number: int) -> int:
            await asyncio.sleep(1)
            return number

        tasks = [asyncio.create_task(work(number)) for number in range(100)]
        done, _ = await asyncio.wait(tasks)
        futures = {asyncio.get_running_loop().create_future(): number for number in range(100)}
        completed = [await one for one in asyncio.as_completed([work(number) for number in range(100)])]
        return [one.result() for one in done], [futures[one] for one in set(futures)], completed

    first = programs(client)
    other = [object() for _ in range(10_001)]
    assert [sorted(order) for order in first] == [list(range(100))] * 3
    assert programs(client) == first
    assert other


def test_what_programs_keep_in_sets_goes_by_its_age() -> None:
    """Writers, as in every chat server; queues; and all tasks, which come from a set that the whole process shares."""

    async def client(node: cl.Node) -> Any:
        async def work(number: int) -> None:
            await asyncio.sleep(100)

        tasks = [asyncio.create_task(work(number), name=f"Task-{number}") for number in range(50)]
        writers = [(await asyncio.open_connection("n1", 7000))[1] for _ in range(50)]
        queues = [asyncio.Queue[int]() for _ in range(50)]
        positions = {id(one): place for place, one in enumerate([*writers, *queues])}
        for writer in writers:
            writer.close()
        orders = [[positions[id(one)] for one in set(kind)] for kind in (writers, queues)]  # type: ignore[call-overload]
        names = [task.get_name() for task in asyncio.all_tasks() if task in tasks]
        foreign = asyncio.Task(work(50))
        return orders, names, foreign in asyncio.all_tasks()

    first = programs(client, echo_server)
    other = [object() for _ in range(10_001)]
    assert programs(client, echo_server) == first
    assert len(first[1]) == 50
    assert first[2]
    assert other


def test_timers_of_one_moment_go_off_in_the_order_in_which_they_were_set() -> None:
    """Time stands still between two events, so many have the same; and none is early."""

    async def client(node: cl.Node) -> Any:
        order: list[int] = []
        loop = asyncio.get_running_loop()
        for number in range(20):
            loop.call_later(0.02, order.append, number)
        await asyncio.sleep(1)
        early = []
        for number in range(1, 200):
            when = loop.time() + number / 7000
            await asyncio.sleep(when - loop.time())
            early.append(loop.time() < when)
        return order, any(early)

    assert programs(client) == (list(range(20)), False)


STORE = """
import asyncio, random, sys, uuid
import trio
import chaoslab as cl

@cl.on_asyncio
async def serve(node):
    seen = {str(uuid.uuid4())}

    async def handle(reader, writer):
        seen.add(await reader.readline())
        writer.write(b"%d\\n" % len(seen))
        await writer.drain()
        writer.close()

    async def ask(peer):
        await asyncio.sleep(random.random())
        reader, writer = await asyncio.open_connection(peer, 7000)
        try:
            writer.write(f"{node.name} {random.random()}\\n".encode())
            return peer, await reader.readline()
        finally:
            writer.close()

    async with await asyncio.start_server(handle, port=7000):
        while True:
            waiting = {asyncio.create_task(ask(peer)) for peer in node.peers}
            while waiting:
                done, waiting = await asyncio.wait(waiting, timeout=0.3, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if not task.exception():
                        node.send(task.result()[0], "thanks")
            await asyncio.sleep(0.1)

async def main(cluster):
    cluster.start(serve, nodes=5)
    with cluster.faults(cl.drop(0.05), cl.jitter(seconds=0.02)):
        await trio.sleep(5)
    with cluster.faults(cl.crash("n2"), cl.clock_drift("n3", 1000)):
        await trio.sleep(3)
    return cluster.engine.trace.digest()

print(cl.run(main, seed=int(sys.argv[1])), cl.run(main, seed=int(sys.argv[1])))
"""


def test_one_seed_is_one_run_whatever_the_hash_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In fresh processes, and twice in one."""

    def run(seed: int, hash_seed: str) -> str:
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", STORE, str(seed)], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return done.stdout

    first = run(1, "0")
    one, other = first.split()
    assert one == other
    assert run(1, "1") == first == run(1, "random")
    assert run(2, "0") != first


# Clients


def test_a_client_s_loop_goes_on_between_its_operations() -> None:
    """One connection for all, and a task in the background that keeps it alive."""
    connections: list[Any] = []
    beats: list[float] = []

    @cl.on_asyncio
    async def serve(node: cl.Node) -> None:
        values: dict[str, str] = {}

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(writer)
            async for line in reader:
                word, *rest = line.decode().split()
                if word == "write":
                    values[rest[0]] = rest[1]
                if word == "beat":
                    beats.append(time.monotonic())
                else:
                    writer.write(f"{values.get(rest[0], '-')}\n".encode())

        await (await asyncio.start_server(handle, port=7000)).serve_forever()

    class Client:
        reader: asyncio.StreamReader
        writer: asyncio.StreamWriter
        beating: asyncio.Task[None] | None = None

        async def beat(self) -> None:
            while True:
                await asyncio.sleep(0.25)
                self.writer.write(b"beat\n")

        @cl.on_asyncio
        async def call(self, node: cl.Node, invocation: cl.Invocation) -> Any:
            if self.beating is None:
                self.reader, self.writer = await asyncio.open_connection("n1", 7000)
                self.beating = asyncio.create_task(self.beat())
            self.writer.write(f"{invocation.f} {invocation.key} {invocation.value}\n".encode())
            answer = (await self.reader.readline()).decode().strip()
            return None if answer == "-" else int(answer)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1, client=Client)
        await cluster.drive(cl.workload("register"), clients=2, rate=2, seconds=10)
        cluster.check(cl.linearizable())

    cl.run(main)
    assert len(connections) == 2
    assert len(beats) > 2 * 4 * 8


def test_a_client_s_timeout_means_that_nobody_knows() -> None:
    @cl.on_asyncio
    async def call(node: cl.Node, invocation: cl.Invocation) -> Any:
        _, writer = await asyncio.open_connection("n1", 7000)
        try:
            async with asyncio.timeout(0.2):
                await asyncio.sleep(5)
        finally:
            writer.close()

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(cl.on_asyncio(echo_server), nodes=1, client=call)
        await cluster.drive(cl.workload("register"), rate=5, seconds=3)
        return {event.type for event in cluster.history} - {"invoke"}

    assert cl.run(main) == {"info", "fail"}


# What cannot be


async def uses_tls() -> None:
    await asyncio.open_connection("n1", 443, ssl=ssl.create_default_context())


async def starts_a_process() -> None:
    await asyncio.create_subprocess_exec("true")


async def runs_a_loop_of_its_own() -> None:
    waiting = asyncio.sleep(1)
    try:
        asyncio.run(waiting)
    finally:
        waiting.close()


async def makes_a_loop() -> None:
    asyncio.new_event_loop()


async def watches_a_real_descriptor() -> None:
    asyncio.get_running_loop().add_reader(0, print)


async def sends_to_a_name() -> None:
    plain = socket.socket(type=socket.SOCK_DGRAM)
    plain.setblocking(False)
    plain.sendto(b"hello", ("n1", 53))


@pytest.mark.parametrize(
    ("code", "did"),
    [
        (uses_tls, "spoke TLS"),
        (starts_a_process, "started a process"),
        (makes_a_loop, "began a loop of asyncio's"),
        (watches_a_real_descriptor, "watched the file descriptor 0"),
        (sends_to_a_name, "sent a datagram to a name"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(code: Callable[[], Awaitable[None]], did: str) -> None:
    async def server(node: cl.Node) -> None:
        await (await asyncio.start_server(lambda reader, writer: None, port=443)).serve_forever()

    async def client(node: cl.Node) -> None:
        await code()

    with pytest.raises(cl.EscapedSimulation, match=did):
        programs(client, server)


def test_a_loop_within_the_loop_is_refused_by_asyncio_itself() -> None:
    async def client(node: cl.Node) -> None:
        await runs_a_loop_of_its_own()

    with pytest.raises(cl.NodeError, match="cannot be called from a running event loop"):
        programs(client)


async def sleeps() -> None:
    await asyncio.sleep(1)


async def yields() -> None:
    await asyncio.sleep(0)


async def gets() -> None:
    await asyncio.Queue[int]().get()


@pytest.mark.parametrize("code", [sleeps, yields, gets])
@pytest.mark.filterwarnings("ignore:coroutine")
def test_code_on_asyncio_that_was_not_told_so_is_told_what_to_do(code: Callable[[], Awaitable[None]]) -> None:
    async def serve(node: cl.Node) -> None:
        async with trio.open_nursery():
            await code()

    with pytest.raises(cl.UsageError, match=r"put @chaoslab\.on_asyncio before its function"):
        in_main(serve, for_ten_seconds)


def test_code_on_trio_that_runs_on_asyncio_is_told_so() -> None:
    async def client(node: cl.Node) -> None:
        await trio.sleep(1)

    with pytest.raises(cl.UsageError, match="waits for something of Trio's"):
        programs(client)


def test_functions_that_are_not_async_run_at_once_in_anyio_too() -> None:
    """Starlette and FastAPI run in AnyIO's worker threads what is not async; it has its own on asyncio."""

    async def client(node: cl.Node) -> Any:
        await anyio.Path("file").write_text("content")
        return await anyio.to_thread.run_sync(lambda: Path("file").read_text())

    assert programs(client) == "content"


def test_a_decorator_at_the_wrong_place_says_where_it_belongs() -> None:
    @cl.on_asyncio
    async def main(cluster: cl.Cluster) -> None:
        pass

    with pytest.raises(cl.UsageError, match="it is for the function of a node"):
        cl.run(main)
    assert cl.on_asyncio(main) is main


def test_only_async_functions_run_on_asyncio() -> None:
    def serve(node: cl.Node) -> None:
        pass

    with pytest.raises(cl.UsageError, match="before an async function"):
        cl.on_asyncio(serve)  # type: ignore[type-var]


def test_handlers_of_signals_are_kept_and_never_called() -> None:
    """Servers set them when they begin; the test's own process stays what it was."""

    async def client(node: cl.Node) -> Any:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)
        before = signal.signal(signal.SIGTERM, print)
        return before, signal.getsignal(signal.SIGTERM)

    real = signal.getsignal(signal.SIGTERM)
    assert programs(client) == (signal.SIG_DFL, print)
    assert signal.getsignal(signal.SIGTERM) == real
