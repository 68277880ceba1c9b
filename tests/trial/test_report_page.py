"""The page of a run: well formed HTML whatever people's own words are, and nothing in it from elsewhere."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

import chaoslab as cl
from chaoslab.report import run_document, write_run_folder
from chaoslab.report.html import page_of_folder
from chaoslab.trial import Setup, run_trial
from tests.report.strict_html import NASTY, checked


def test_an_unclosed_tag_would_be_seen() -> None:
    """What looks for mistakes here finds one."""
    assert checked("<p><b>bold</p>").wrong
    assert checked("<p>open").open
    assert not checked("<p>all <b>is</b> well<br></p>").wrong


async def _store(node: cl.Node) -> None:
    values: dict[str, object] = {}
    async for message in node:
        op = message.body
        if op.f == "write":
            values[op.key] = op.value
        node.become(NASTY)
        message.reply(values.get(op.key))


async def _raises(node: cl.Node) -> None:
    await node.recv()
    raise ValueError(NASTY)


@pytest.mark.parametrize("code", [_store, _raises], ids=["violated", "raised"])
def test_the_page_of_a_failure_is_well_formed(code: object, tmp_path: Path) -> None:
    """Every tag is closed, and words of people's own are words, not tags."""

    async def test(cluster: cl.Cluster) -> None:
        cluster.start(code, nodes=2)
        await cluster.drive(seconds=2)  # type: ignore[call-arg]

    run = run_trial(test, Setup(), 1, trace_kept=True).run
    assert run.verdict == "invalid"
    run = attrs.evolve(run, scenario=attrs.evolve(run.scenario, title=NASTY))
    write_run_folder(run, tmp_path / "run", run_document(run, repeat=NASTY))
    seen = checked(page_of_folder(tmp_path / "run"))
    assert seen.wrong == []
    assert seen.open == []
    assert {"html", "head", "title", "body", "svg", "table"} <= seen.tags
    assert not {"script", "i", "link", "img", "iframe"} & seen.tags
