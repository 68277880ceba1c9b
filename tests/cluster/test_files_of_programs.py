"""Programs that keep their state with open, os and pathlib: it is on their node's disk, and crashes touch it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import chaoslab as cl

Program = Callable[[], Awaitable[Any]]


def lives(*programs: Program, faults: tuple[Any, ...] = (), seed: int = 0) -> list[Any]:
    """Run one program after the other on one node, with a power cut behind each, and return what they returned."""
    found: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if len(found) < len(programs):
            number = len(found)
            found.append("did not end")
            found[number] = await programs[number]()
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        with cluster.faults(*faults):
            for _ in programs:
                await trio.sleep(1)
                cluster.crash("n1")
                cluster.restart("n1")

    cl.run(main, seed=seed)
    return found


async def content() -> Any:
    return {path.name: path.read_text() for path in Path("state").glob("*")}


async def save(text: str, *, synced: bool) -> None:
    """Write a file beside, and rename it, as one does."""
    await trio.Path("state").mkdir(exist_ok=True)
    async with await trio.open_file("state/new", "w") as file:
        await file.write(text)
        await file.flush()
        if synced:
            await trio.to_thread.run_sync(os.fsync, file.fileno())
    os.replace("state/new", "state/now")  # noqa: PTH105
    folder = os.open("state", os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def test_what_was_synced_survives_a_crash_and_what_was_not_does_not() -> None:
    """The classic mistake, a rename without a sync of the file, leaves neither the new content nor the old."""

    async def careful() -> None:
        await save("careful", synced=True)

    async def hasty() -> None:
        await save("hasty", synced=False)

    assert lives(careful, content)[1] == {"now": "careful"}
    assert lives(careful, hasty, content)[2] == {}


def test_what_was_not_flushed_is_in_no_file() -> None:
    """Buffers belong to the process, and go with it."""

    async def forget() -> Any:
        os.mkdir("state")  # noqa: PTH102
        file = open("state/log", "w")  # noqa: PTH123, SIM115
        file.write("in the buffer")
        return await content()

    assert lives(forget)[0] == {"log": ""}


def test_a_sync_takes_time_where_a_program_can_wait() -> None:
    """In a worker thread; a call that blocks takes none, as nothing can happen meanwhile."""

    async def code() -> tuple[float, float]:
        with open("log", "wb") as file:  # noqa: PTH123
            began = trio.current_time()
            os.fsync(file)
            between = trio.current_time()
            await trio.to_thread.run_sync(os.fsync, file)
            return between - began, trio.current_time() - between

    blocking, waiting = lives(code)[0]
    assert blocking == 0
    assert waiting > 0


def test_the_real_disk_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by relative nor by absolute paths, nor by what a program does while it is ended."""
    monkeypatch.chdir(tmp_path)

    async def code() -> None:
        try:
            await save("text", synced=True)
            (tmp_path / "absolute").write_text("text")
            assert Path("absolute").read_text() == "text"
            await trio.sleep_forever()
        finally:
            Path("last words").write_text("text")

    async def names() -> Any:
        return [path.name for path in tmp_path.iterdir()]

    assert lives(code, names, code)[1] == ["state"]
    assert list(tmp_path.iterdir()) == []


def test_a_real_file_can_be_read_by_its_absolute_path_and_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages bring data with them; what earlier runs of the real program have left is not seen."""
    monkeypatch.chdir(tmp_path)
    real = tmp_path / "real"
    real.write_text("real")

    async def code() -> Any:
        for change in (lambda: real.open("a"), real.unlink, lambda: real.rename("other"), lambda: os.truncate(real, 0)):
            with pytest.raises(OSError, match="real machine") as failed:
                change()
            assert failed.value.errno == errno.EROFS
        assert not Path("real").exists()
        return real.read_text(), real.stat().st_size

    assert lives(code)[0] == ("real", 4)
    assert real.read_text() == "real"


def test_temporary_files_and_copies_are_on_the_nodes_disk_with_names_that_the_seed_decides() -> None:
    """A file beside, by ``tempfile``, is how many programs replace a file."""

    async def code() -> Any:
        os.makedirs("a/b")  # noqa: PTH103
        with tempfile.NamedTemporaryFile("w", dir="a/b", delete=False) as file:
            file.write("text")
        name = Path(file.name).name
        shutil.copy(file.name, "a/copy")
        os.replace(file.name, "a/moved")  # noqa: PTH105
        found = (Path("a/copy").read_text(), Path("a/moved").read_text())
        shutil.rmtree("a")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "x").touch()
        return name, found, Path("a").exists(), Path(folder).exists()

    first, again, other = (lives(code, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first[0] != other[0]
    assert first[1:] == (("text", "text"), False, False)


def test_an_error_of_the_disk_that_nobody_handles_is_a_panic() -> None:
    """As for a program that uses ``node.disk``."""

    async def code() -> None:
        await save("text", synced=True)

    assert lives(code, faults=(cl.disk_full("n1"),)) == ["did not end"]


def test_an_open_file_is_still_the_file_after_a_rename_and_after_its_removal() -> None:
    """Log files are rotated under the hands of those who write them."""

    async def code() -> Any:
        with open("log", "w+") as file:  # noqa: PTH123
            file.write("one ")
            file.flush()
            os.rename("log", "old")  # noqa: PTH104
            file.write("two ")
            file.flush()
            moved = Path("old").read_text()
            Path("old").unlink()
            file.write("three")
            file.seek(0)
            return moved, file.read(), list(Path.cwd().iterdir())

    assert lives(code)[0] == ("one two ", "one two three", [])


def test_a_folder_of_an_earlier_life_stays_when_its_last_file_goes() -> None:
    """A folder of jobs whose jobs are done takes the next ones."""

    async def first() -> None:
        os.makedirs("jobs/new")  # noqa: PTH103
        with open("jobs/new/1", "w") as file:  # noqa: PTH123
            os.fsync(file)

    async def second() -> list[str]:
        os.unlink("jobs/new/1")  # noqa: PTH108
        Path("jobs/new/2").write_text("job")
        os.rename("jobs/new/2", "jobs/2")  # noqa: PTH104
        return sorted(str(path) for path in Path("jobs").rglob("*"))

    assert lives(first, second)[1] == ["jobs/2", "jobs/new"]


def test_a_folder_is_renamed_with_the_empty_folders_in_it() -> None:
    """They are not left behind under the old name."""

    async def program() -> Any:
        os.makedirs("old/empty")  # noqa: PTH103
        Path("old/file").write_text("x")
        os.rename("old", "new")  # noqa: PTH104
        return sorted(os.listdir("new")), os.path.exists("old")  # noqa: PTH110, PTH208

    assert lives(program) == [(["empty", "file"], False)]


def test_a_folder_that_is_synced_while_it_is_empty_stays_a_folder() -> None:
    """A sync makes nothing, also not of a folder that was renamed since it was opened."""

    async def program() -> Any:
        os.mkdir("a")  # noqa: PTH102
        folder = os.open("a", os.O_RDONLY)
        os.fsync(folder)
        os.rename("a", "b")  # noqa: PTH104
        os.fsync(folder)
        return os.path.isdir("b"), os.listdir()  # noqa: PTH112, PTH208

    assert lives(program) == [(True, ["b"])]


def test_files_and_folders_are_copied_with_all_that_is_known_of_them() -> None:
    """By the functions that copy times and attributes as well."""

    async def program() -> Any:
        os.makedirs("a/b")  # noqa: PTH103
        Path("a/b/c").write_text("x")
        shutil.copytree("a", "d")
        shutil.copy2("d/b/c", "e")
        return Path("d/b/c").read_text(), Path("e").read_text(), os.stat("e").st_mtime_ns == os.stat("a").st_mtime_ns  # noqa: PTH116

    assert lives(program) == [("x", "x", True)]


def test_a_relative_path_that_the_real_machine_has_is_told_apart() -> None:
    """Whoever ships a file beside the program learns how to read it."""

    async def program() -> Any:
        found = []
        for name in ("pyproject.toml", "nowhere.toml"):
            with pytest.raises(FileNotFoundError) as missing:
                open(name)  # noqa: PTH123, SIM115
            found.append((missing.value.errno, "absolute path" in str(missing.value)))
        return found

    assert Path("pyproject.toml").exists()
    assert lives(program) == [[(errno.ENOENT, True), (errno.ENOENT, False)]]


def test_errors_about_names_are_those_of_the_operating_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same calls fail, and with the same numbers."""
    calls: tuple[Callable[[], Any], ...] = (
        lambda: os.rename("empty", "full"), lambda: os.rename("full", "full/in"), lambda: os.rename("empty", "empty/in"),  # noqa: E501, PTH104
        lambda: os.rename("empty", "file"), lambda: os.rename("file", "empty"), lambda: os.rename("file", ""),  # noqa: PTH104
        lambda: open("full"), lambda: open("file/"), lambda: open(""), lambda: open("n" * 256, "w"),  # noqa: PTH123, SIM115
        lambda: os.stat("file/"), lambda: os.mkdir(""), lambda: os.listdir(b"full"), lambda: os.rename("full", "empty"),  # noqa: PTH102, PTH104, PTH116, PTH208
        lambda: os.listdir("empty"),  # noqa: PTH208
    )  # fmt: skip

    async def program() -> Any:
        os.makedirs("empty")  # noqa: PTH103
        os.makedirs("full")  # noqa: PTH103
        Path("full/file").write_text("x")
        Path("file").write_text("x")
        found: list[Any] = []
        for call in calls:
            try:
                found.append(call())
            except OSError as error:
                found.append((type(error), error.errno))
        return found

    simulated = lives(program)
    monkeypatch.chdir(tmp_path)
    assert simulated == [trio.run(program)]
