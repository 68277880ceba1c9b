"""Which turns a simulated test takes: the seeds, the strategy, what is replayed, and what failed last time.

Rules:

1. A turn is told by its id: the seed, with the strategy before it where there is one. It is the same in every process.
2. What failed last time comes first.
3. Wrong use is one sentence without a traceback.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from chaoslab.choices import Overrides
from chaoslab.errors import UsageError, unknown_word
from chaoslab.explore import read_recording
from chaoslab.explore.strategies import STRATEGIES
from chaoslab.nemesis import Plan
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario, load_scenario
from chaoslab.trial import Setup

__all__ = [
    "PLAIN",
    "Replayed",
    "Turn",
    "base_of",
    "folder_of",
    "name_of",
    "number_of_seeds",
    "replayed",
    "setup_of",
    "shown",
    "slug",
    "test_of",
    "turns_of",
]

PLAIN: Final = "uniform"
"""The strategy that leaves every draw to the seed."""

LEARNS: Final = "guided"


@attrs.frozen(kw_only=True)
class Replayed:
    """What is run instead of what a seed makes up: a scenario, and the plan and the draws of a recording."""

    scenario: Scenario
    seed: int
    plan: Plan | None = None
    overrides: Overrides | None = None


@attrs.frozen(kw_only=True)
class Turn:
    """One run of a test: what its ``cluster`` stands for until the simulation begins.

    Attributes:
        id: As in the test's id, and the name of the folder of what fails.
        seed: The seed; for a strategy, the number of the attempt; the first one, where there are minutes.
        strategy: How the run is made.
        minutes: Whether it goes on with further seeds.
        replayed: What is replayed, or None.
    """

    id: str
    seed: int
    strategy: str = PLAIN
    minutes: bool = False
    replayed: Replayed | None = None


def turns_of(test: Any, config: pytest.Config, seeds_usual: int) -> list[Turn]:
    """Return the turns of *test*: what is replayed, or known failures first and then as many seeds as usual.

    Who says how many seeds are tried, or which, has the word.
    """
    try:
        return _turns(test, config, seeds_usual)
    except UsageError as error:
        wrong = str(error)
    pytest.fail(wrong, pytrace=False)  # out here, or pytest tells both errors


def _turns(test: Any, config: pytest.Config, seeds_usual: int) -> list[Turn]:
    setup = setup_of(test, config)
    _refuse_foreign_fixtures(test)
    given = replayed(config)
    if given is not None:
        return [Turn(id="replay", seed=given.seed, replayed=given)]
    strategy = _strategy(config)
    seed = config.getoption("--chaos-seed")
    if seed is not None:
        return [_turn(strategy, seed)]
    known = {turn.id: turn for turn in _known(_folder_of_test(test))}
    if config.getoption("--chaos-minutes") is not None:
        more = [Turn(id="minutes", seed=0, strategy=strategy, minutes=True)]
    else:
        seeds = setup.seeds
        if config.getoption("--chaos-seeds") is not None or seeds is None:
            seeds = tuple(range(number_of_seeds(config, seeds_usual)))
        more = [_turn(strategy, one) for one in seeds]
    usual = {turn.id: turn for turn in more}
    return list({**{id: usual.get(id, turn) for id, turn in known.items()}, **usual}.values())


def _turn(strategy: str, seed: int) -> Turn:
    if strategy == "auto":
        names = [name for name in _TURNS if name != LEARNS]
        strategy = names[seed % len(names)]
    if strategy == LEARNS:
        raise UsageError(f"{LEARNS} learns from one run to the next: give it --chaos-minutes.", key="--chaos-strategy")
    return Turn(id=f"seed{seed}" if strategy == PLAIN else f"{strategy}-seed{seed}", seed=seed, strategy=strategy)


_TURNS: Final = ("uniform", "swarm", "pct", "pos", "crash-points")
"""What ``auto`` takes by turns, seed after seed."""


def _strategy(config: pytest.Config) -> str:
    name = config.getoption("--chaos-strategy") or config.getini("chaos_strategy") or PLAIN
    if name in STRATEGIES:
        return str(name)
    hint = ""
    if name in registry().nemeses or name in registry().faults:
        hint = f" {name!r} is what goes wrong, not how it is looked for: --chaos-faults {name}."
    raise UsageError(unknown_word("strategy", str(name), STRATEGIES) + hint, key="--chaos-strategy")


def number_of_seeds(config: pytest.Config, usual: int) -> int:
    """Return how many seeds are tried where nobody says which: option, setting, or *usual*.

    Raises:
        UsageError: what they say is no such number.
    """
    option = config.getoption("--chaos-seeds")
    key = "chaos_seeds" if option is None else "--chaos-seeds"
    given = (config.getini("chaos_seeds") or usual) if option is None else option
    try:
        count = int(given)
    except ValueError:
        raise UsageError(f"{given!r} is not a number of seeds.", key=key) from None
    if count < 1:
        raise UsageError(f"at least one seed is tried, not {count}.", key=key)
    return count


def setup_of(test: Any, config: pytest.Config) -> Setup:
    """Return what the markers of *test*, options and settings say of its cluster.

    Raises:
        UsageError: one of them makes no sense.
    """
    arguments: dict[str, Any] = {}
    for mark in reversed(list(test.iter_markers("chaoslab"))):  # the closest one has the last word
        if mark.args:
            raise UsageError(f"{mark.args[0]!r} has no name: write nodes=3, seeds=20, ...", key="@pytest.mark.chaoslab")
        arguments.update(mark.kwargs)
    option, setting = config.getoption("--chaos-faults"), config.getini("chaos_faults")
    is_for_this_test = "faults" in arguments and not option
    if option:
        arguments["faults"] = _faults(option, "--chaos-faults")
    elif setting:
        arguments.setdefault("faults", _faults(setting, "chaos_faults"))
    return attrs.evolve(Setup.of(arguments, registry()), each_fault_counts=is_for_this_test)


def _faults(words: str, key: str) -> str:
    try:
        Setup.of({"faults": words}, registry())
    except UsageError as error:
        raise UsageError(error.message, key=key) from None
    return words


def _refuse_foreign_fixtures(test: Any) -> None:
    """Refuse what the test asks for; what a framework lays around every test, of whatever kind, is harmless."""
    definitions = test._fixtureinfo.name2fixturedefs
    used = [name for mark in test.iter_markers("usefixtures") for name in mark.args]
    asked, seen = [*test._fixtureinfo.argnames, *used], set[str]()
    while asked:
        name = asked.pop(0)
        if name in seen or name not in definitions:
            continue
        seen.add(name)
        function = definitions[name][-1].func
        asked += definitions[name][-1].argnames
        module = getattr(function, "__module__", "") or ""
        if (
            inspect.iscoroutinefunction(function)
            or inspect.isasyncgenfunction(function)
            or module.partition(".")[0] in _FOREIGN
        ):
            raise UsageError(
                f"the fixture {name!r} is async, or of another framework, whose event loop is not the simulation's: "
                "a test with a cluster takes plain fixtures; do what it does inside the test."
            )


_FOREIGN: Final = frozenset(("pytest_trio", "pytest_asyncio", "anyio", "pytest_aiohttp", "pytest_tornasync"))


# What is replayed


def replayed(config: pytest.Config) -> Replayed | None:
    """Return what ``--chaos-replay`` names: a scenario file, a recording, or the folder of one; None without it.

    Raises:
        UsageError: there is none, it is damaged, another version wrote it, or it is about no test.
    """
    named = config.getoption("--chaos-replay")
    if named is None:
        return None
    path = Path(named)
    try:
        found = _read(path / "scenario.toml" if path.is_dir() else path)
    except UsageError as error:
        raise UsageError(f"cannot be replayed: {error}", key="--chaos-replay") from None
    if not found.scenario.test:
        raise UsageError(f"{named} is not about a test of pytest: chaoslab run {named}.", key="--chaos-replay")
    return found


def _read(path: Path) -> Replayed:
    if path.suffix == ".json":
        one = read_recording(path)
        return Replayed(scenario=one.scenario, seed=one.seed, plan=one.plan, overrides=one.overrides)
    scenario = load_scenario(path, registry())
    return Replayed(scenario=scenario, seed=scenario.seed or 0)


# Names and places


def name_of(item: Any, turn: Turn) -> str:
    """Return by what a scenario finds the test *item* again."""
    words = [item.cls.__name__] if item.cls else []
    variant = _variant(item, turn)
    name = ".".join((*words, item.originalname or item.name)) + (f"[{variant}]" if variant else "")
    return f"{Path(item.path).resolve()}:{name}"


def _variant(item: Any, turn: Turn) -> str:
    """Return the parameters of *item* but for its turn, as pytest says them."""
    before, found, after = f"-{item.callspec.id}-".partition(f"-{turn.id}-")
    return "-".join(part.strip("-") for part in (before, after) if part.strip("-")) if found else ""


def test_of(item: Any, turn: Turn) -> str:
    """Return the id of the test *item* as people know it, whatever its turn."""
    variant = _variant(item, turn)
    test: str = item.nodeid.split("[")[0]
    return f"{test}[{variant}]" if variant else test


def base_of(config: pytest.Config) -> Path:
    """Return the folder for all that fails."""
    named = config.getoption("--chaos-report") or config.getini("chaos_report")
    return config.rootpath / (named or ".chaoslab")


def folder_of(item: Any, turn: Turn, seed: int) -> Path:
    """Return the folder for what *turn* of a test comes to; *seed* is the one that failed."""
    variant = slug(_variant(item, turn))
    name = turn.id.replace("minutes", f"seed{seed}" if turn.strategy == PLAIN else f"{turn.strategy}-{seed}")
    return _folder_of_test(item) / (f"{name},{variant}" if variant else name)


def _folder_of_test(item: Any) -> Path:
    return base_of(item.config) / slug(item.nodeid.split("[")[0])


def slug(text: str) -> str:
    """Return *text* as the name of a folder."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-")


def shown(path: Path) -> str:
    """Return *path* as people would type it from where they are."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _known(folder: Path) -> list[Turn]:
    """Return the turns that failed last time: seeds anew, what another strategy found as it was written."""
    if not folder.is_dir():
        return []
    turns = []
    for one in sorted(folder.iterdir(), key=lambda path: (len(path.name), path.name)):
        name, variant = one.name.partition(",")[::2]
        plain = re.fullmatch(r"seed(\d+)", name)
        if plain:
            turns.append(Turn(id=name, seed=int(plain[1])))
        elif not variant and name != "replay" and (one / "scenario.toml").is_file():
            try:
                found = _read(one / "scenario.toml")
            except UsageError:
                continue  # about code that is not there any more
            turns.append(Turn(id=name, seed=found.seed, replayed=found))
    return list({turn.id: turn for turn in turns}.values())
