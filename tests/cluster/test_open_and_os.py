"""Functions of the standard library for files, as programs call them, on a node's disk: what differs would be a bug."""

from __future__ import annotations

import bz2
import functools
import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import chaoslab as cl


def on_a_node(code: Callable[[], Any], *, then: Callable[[], Any] = lambda: None, nodes: int = 1) -> Any:
    """Run *code* on n1, and *then* after a power cut; return what they returned, or only the first if it is alone."""
    found: list[Any] = []
    lives = [code, then]

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            found.append(lives[len(found)]())
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=nodes)
        await trio.sleep(1)
        cluster.crash("n1")
        cluster.restart("n1")
        await trio.sleep(1)

    cl.run(main, seed=0)
    return found[0] if found[1] is None else found


def test_what_folders_the_real_machine_has_is_nothing_to_relative_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run would go another way where the program has been run for real before, and left its folder."""

    def code() -> Any:
        with pytest.raises(FileNotFoundError):
            Path("data/log").write_text("text")
        Path("data").mkdir(exist_ok=True)
        Path("data/log").write_text("text")
        return os.listdir("data")  # noqa: PTH208

    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    assert on_a_node(code) == ["log"]


def test_files_are_renamed_by_named_arguments_too() -> None:
    """They are called src and dst."""

    def code() -> Any:
        Path("a").write_text("text")
        os.replace(src="a", dst="b")  # noqa: PTH105
        os.rename(src="b", dst="c")  # noqa: PTH104
        return os.listdir()  # noqa: PTH208

    assert on_a_node(code) == ["c"]


def test_a_folder_cannot_be_opened_as_a_file() -> None:
    """It is refused at once, and not when it is read."""

    def code() -> None:
        os.mkdir("folder")  # noqa: PTH102
        with pytest.raises(IsADirectoryError, match="folder"):
            open("folder")  # noqa: PTH123, SIM115

    on_a_node(code)


def test_a_path_of_no_letters_leads_nowhere() -> None:
    """``os.makedirs(os.path.dirname("log"), exist_ok=True)`` is a classic mistake."""

    def code() -> None:
        assert not os.path.exists("")  # noqa: PTH110
        make_all = functools.partial(os.makedirs, exist_ok=True)
        for call in (os.stat, os.listdir, os.mkdir, os.rmdir, open, make_all):
            with pytest.raises(FileNotFoundError):
                call("")

    on_a_node(code)


def test_folders_are_told_apart() -> None:
    """Two are not the same one, and none is the root of a file system."""

    def code() -> Any:
        os.makedirs("a/b")  # noqa: PTH103
        return os.path.samefile("a", "a/b"), os.path.samefile("a", "./a"), os.path.ismount("a")  # noqa: PTH121

    assert on_a_node(code) == (False, True, False)


@pytest.mark.parametrize("flag", [os.O_SYNC, os.O_DSYNC])
def test_a_file_that_syncs_its_writes_loses_none(flag: int) -> None:
    """So do some write-ahead logs instead of calling fsync."""

    def code() -> None:
        for name, flags in (("synced", flag), ("not synced", 0)):
            os.write(os.open(name, os.O_WRONLY | os.O_CREAT | flags), b"text")

    assert on_a_node(code, then=lambda: [one.name for one in Path().iterdir() if one.read_text()])[1] == ["synced"]


def test_permissions_and_owners_have_no_effect() -> None:
    """Programs set them on what they write, by path and by descriptor."""

    def code() -> Any:
        with open("file", "w") as file:  # noqa: PTH123
            os.fchmod(file.fileno(), 0o600)
            os.chown("file", -1, -1)
            os.fchown(file.fileno(), -1, -1)
            os.chmod("file", 0o600)  # noqa: PTH101
        with pytest.raises(FileNotFoundError):
            os.chown("other", -1, -1)

    on_a_node(code)


def test_temporary_files_without_a_name_change_nothing_for_good() -> None:
    """``tempfile`` remembers that a kernel cannot make them; that must not be learned from a node."""

    def code() -> Any:
        Path(tempfile.gettempdir(), "makes the folder").write_text("text")
        with tempfile.TemporaryFile() as file:
            file.write(b"text")
            file.seek(0)
            return file.read()

    before = getattr(tempfile, "_O_TMPFILE_WORKS", None)
    assert on_a_node(code) == b"text"
    assert getattr(tempfile, "_O_TMPFILE_WORKS", None) is before


def test_archives_are_files_too() -> None:
    """Modules that write them keep functions of their own for it."""

    def code() -> Any:
        with bz2.open("file.bz2", "w") as packed:
            packed.write(b"text")
        Path("file").write_text("text")
        with tarfile.open("all.tar.gz", "w:gz") as archive:
            archive.add("file")
        with zipfile.ZipFile("all.zip", "w") as archive_:
            archive_.write("file")
        with tarfile.open("all.tar.gz") as archive:
            return bz2.open("file.bz2").read(), archive.getnames(), zipfile.ZipFile("all.zip").namelist()

    assert on_a_node(code) == (b"text", ["file"], ["file"])


def test_what_is_no_bytes_is_not_written() -> None:
    """A number is not so many zeros."""

    def code() -> None:
        descriptor = os.open("file", os.O_WRONLY | os.O_CREAT)
        for wrong in (5, "text"):
            with pytest.raises(TypeError):
                os.write(descriptor, wrong)  # type: ignore[arg-type]

    on_a_node(code)


def test_a_file_has_the_time_of_the_nodes_wall_clock_at_its_last_change() -> None:
    """Programs tell by it what is newer, and how old a lock file or an entry of a cache is."""
    found: list[float] = []

    async def serve(node: cl.Node) -> None:
        before = time.time()
        Path("old").write_text("text")
        Path("set").write_text("text")
        os.utime("set", (1, 2))
        found.extend((os.stat("old").st_mtime - before, os.path.getmtime("set")))  # noqa: PTH116, PTH204
        await trio.sleep(5)
        with open("old", "a") as file:  # noqa: PTH123
            file.write("more")
        Path("set").touch()
        shutil.copy2("old", "copy")
        Path("copy").rename("renamed")
        await trio.sleep(5)
        found.extend(Path(name).stat().st_mtime - before for name in ("old", "set", "renamed"))

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        with cluster.faults(cl.clock_skew("n1", 100.0)):
            await trio.sleep(20)

    cl.run(main)
    assert found == [0.0, 2.0, 5.0, 5.0, 5.0]


def test_names_in_a_folder_come_in_an_order_that_is_not_sorted_and_stays() -> None:
    """As on file systems that look names up by hash: who has forgotten to sort them learns of it."""
    names = [f"{number:03}.log" for number in range(20)]

    def code() -> Any:
        os.mkdir("logs")  # noqa: PTH102
        for name in names:
            with open(f"logs/{name}", "w") as file:  # noqa: PTH123
                os.fsync(file)
        return os.listdir("logs")  # noqa: PTH208

    def later() -> Any:
        found = [entry.name for entry in os.scandir("logs")]
        assert [path.name for path in Path("logs").iterdir()] == found
        assert [os.path.basename(path) for path in glob.glob("logs/*")] == found  # noqa: PTH119, PTH207
        return found

    first, again = on_a_node(code, then=later)
    assert first == again == on_a_node(code)
    assert first != sorted(first)
    assert sorted(first) == names


def test_text_files_are_in_utf_8_also_where_the_machine_has_another_encoding() -> None:
    """A run would go another way, or fail, on another machine."""
    code = """
import pathlib, trio, chaoslab as cl
async def serve(node):
    with open("a", "w") as file:
        file.write("\\u00e9")
    pathlib.Path("b").write_text("\\u00e9")
    print(pathlib.Path("a").read_bytes(), pathlib.Path("b").read_bytes(), ascii(pathlib.Path("b").read_text()))
async def main(cluster):
    cluster.start(serve, nodes=1)
    await trio.sleep(1)
cl.run(main)
"""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "b'\\xc3\\xa9' b'\\xc3\\xa9' '\\xe9'\n", done.stderr
