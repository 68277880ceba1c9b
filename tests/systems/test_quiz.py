"""The quiz of the text: what each of nine products keeps under a partition, by the page and by experiment.

The page has a row a product: what the text says, which system stands for it, what the experiment shows, and, where
these two differ, why.
"""

from __future__ import annotations

import re
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import attrs
import pytest

from chaoslab.explore.cap import Answer, experiment
from tests.explore.test_cap import AtOnce

TEXT_SAYS = {
    "video comments": "A",
    "photo feed": "A",
    "shop cart": "C",
    "payment": "C",
    "ride booking and receipt": "A",
    "messaging": "C",
    "cash machine": "C",
    "online status": "A",
    "shared documents": "C",
}

SEEDS = 10


@attrs.frozen(kw_only=True)
class Row:
    """A row of the page's table."""

    text: str
    system: str
    measured: str
    why: str


def rows() -> dict[str, Row]:
    """Return the page's table, by product."""
    page = (Path(__file__).parents[2] / "docs" / "systems.md").read_text(encoding="utf-8")
    table = page[page.index("## The quiz") :]
    cells = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines() if line[:2] == "| "
    ]
    return {
        product: Row(text=text, system=system.strip("`"), measured=measured, why=(why or [""])[0].strip("| "))
        for product, text, system, measured, *why in cells[1:]
    }


def measured(system: str, executor: Executor, seeds: int) -> Answer:
    *_, answer = experiment(system, executor, seeds=seeds)
    assert isinstance(answer, Answer)
    return answer


def test_the_page_has_a_row_for_each_product() -> None:
    """With what the text says of it."""
    assert {product: row.text for product, row in rows().items()} == TEXT_SAYS


@pytest.mark.parametrize("product", TEXT_SAYS)
def test_where_text_and_experiment_differ_the_page_says_why(product: str) -> None:
    """Neither a difference without a reason, nor a measurement in other words than the command's."""
    row = rows()[product]
    found = re.fullmatch(r"(CP|AP|neither), P(C|A|-)/E(C|L)", row.measured)
    assert found, row.measured
    assert {"CP": "C", "AP": "A", "neither": "-"}[found[1]] == found[2]
    assert found[2] == row.text or len(row.why) > 40


@pytest.mark.parametrize("product", ["photo feed", "payment", "shared documents"])
def test_the_page_is_right(product: str) -> None:
    """By few seeds, of the first half of the answer: consistency that breaks now and then takes many to see."""
    row = rows()[product]
    assert measured(row.system, AtOnce(), 2).cap == row.measured.split(",")[0]


@pytest.mark.campaign
@pytest.mark.parametrize("product", TEXT_SAYS)
def test_the_page_is_right_to_the_letter(product: str) -> None:
    """With as many seeds as it says."""
    row = rows()[product]
    with ProcessPoolExecutor() as executor:
        answer = measured(row.system, executor, SEEDS)
    assert f"{answer.cap}, {answer.pacelc}" == row.measured
