"""Looking ahead: it decides values that grow, and it changes no verdict."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest

from chaoslab.checkers.linearizable import linearizable
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN, Model

KV, LOG = MODELS["kv"], MODELS["log"]

KINDS = [
    (LOG, ("append", "append", "read")),
    (KV, ("append", "get")),
    (KV, ("append", "append", "get", "put")),
    (KV, ("append", "append", "append", "get", "cas")),
    (KV, ("append", "get", "put", "delete", "cas")),
]


def stepped(model: Model, state: Any, f: str, argument: Any) -> tuple[Any, Any, Any]:
    """Return the next state, and what an operation is answered that takes effect in *state*."""
    result = state == argument[0] if f == "cas" else None
    value = list(state) if model is LOG and f == "read" else state if f == "get" else argument
    seen = None if result is None else ("bool", repr(result))
    return model.step(state, f, frozen(argument), frozen(value), seen), value, result


class Clients:
    """Makes up what clients of one object see: each operation takes effect at a moment of its own, if at all.

    Attributes:
        history: What they recorded.
    """

    def __init__(self, model: Model, fs: tuple[str, ...], seed: int, *, infos: float = 0.0, lies: float = 0.0) -> None:
        self.history = History()
        self._model, self._fs, self._infos, self._lies = model, fs, infos, lies
        self._draws = random.Random(seed)
        self._states = [model.initial]
        self._count = 0

    def work(self, operations: int, clients: int) -> History:
        """Do so many operations, so many at once."""
        draws = self._draws
        names, fresh, doing = list(range(clients)), clients, dict[int, list[Any]]()
        while self._count < operations or doing:
            client = draws.randrange(clients)
            if client not in doing:
                if self._count < operations:
                    doing[client] = [*self._called(names[client])]
            elif len(doing[client]) == 2:
                doing[client] += self._done(*doing[client])
            else:
                _, _, ending, value, result = doing.pop(client)
                self.history.complete(names[client], ending, value, result)
                if ending == "info":
                    names[client], fresh = fresh, fresh + 1
        return self.history

    def _called(self, name: int) -> tuple[str, Any]:
        f = self._draws.choice(self._fs)
        self._count += 1
        new = self._count if self._model is LOG else f"{self._count} "
        argument = {"append": new, "put": new, "cas": [self._draws.choice(self._states[-3:]), new]}.get(f)
        self.history.invoke(name, f, "x", argument)
        return f, argument

    def _lie(self) -> Any:
        """Return an older value, or the present one with an entry that stands elsewhere, or twice."""
        draws, present = self._draws, self._states[-1]
        entries = list(present) if self._model is LOG else (present or "").split()
        if not entries or draws.random() < 0.6:
            old = draws.choice(self._states[-6:])
            return list(old) if self._model is LOG else old
        if draws.random() < 0.7:
            entries.append(entries.pop(draws.randrange(len(entries))))
        else:
            entries.append(draws.choice(entries))
        return entries if self._model is LOG else "".join(f"{one} " for one in entries)

    def _done(self, f: str, argument: Any) -> tuple[str, Any, Any]:
        draws, reads = self._draws, f in self._model.reads
        if not reads and draws.random() < self._infos:
            if draws.random() < 0.5:
                self._states.append(stepped(self._model, self._states[-1], f, argument)[0])
            return "info", argument, None
        state, value, result = stepped(self._model, self._states[-1], f, argument)
        assert state is not ILLEGAL
        self._states.append(state)
        if reads and draws.random() < self._lies:
            value = self._lie()
        return "ok", value, result


@pytest.mark.parametrize(("model", "fs"), KINDS, ids=lambda one: "+".join(one) if isinstance(one, tuple) else one.name)
def test_it_changes_no_verdict(model: Model, fs: tuple[str, ...]) -> None:
    """Histories of a dozen operations, some of unknown outcome, with and without lies, judged both ways."""
    outcomes = dict.fromkeys(("valid", "invalid"), 0)
    blind = attrs.evolve(model, leads_to=None)
    for seed in range(300):
        clients = Clients(model, fs, seed, infos=(0, 0.1, 0.3)[seed % 3], lies=(0, 0.9)[seed % 2])
        history = clients.work(3 + seed % 9, 1 + seed % 5)
        verdict = linearizable(history, model)
        assert verdict.outcome == linearizable(history, blind).outcome, history.operations()
        assert verdict.summary  # of few operations, which were shown to have no order once more
        outcomes[verdict.outcome] += 1
    assert min(outcomes.values()) > 5


@pytest.mark.parametrize(("model", "fs"), KINDS, ids=lambda one: "+".join(one) if isinstance(one, tuple) else one.name)
def test_values_that_grow_are_decided_where_blind_search_gives_up(model: Model, fs: tuple[str, ...]) -> None:
    """Ten clients, a few operations of unknown outcome: as many configurations as operations, times a few."""
    history = Clients(model, fs, 5, infos=0.02).work(500, 10)
    assert linearizable(history, model, configurations_max=40_000).outcome == "valid"
    assert linearizable(history, attrs.evolve(model, leads_to=None), configurations_max=40_000).outcome == "unknown"


def test_a_lost_append_is_found_among_many() -> None:
    """One entry is missing from all reads after it was acknowledged."""
    history = Clients(LOG, ("append", "append", "read"), 3).work(400, 10)
    lost = next(one for one in history.operations() if one.f == "append" and one.call > 200)
    broken = History()
    for type, process, f, key, value in zip(
        history.types, history.processes, history.fs, history.keys, history.values, strict=True
    ):
        if type == "invoke":
            broken.invoke(process, f, key, value)
        else:
            seen = [entry for entry in value if entry != lost.argument] if f == "read" else value
            broken.complete(process, type, seen)
    verdict = linearizable(broken, LOG)
    assert verdict.outcome == "invalid"
    assert lost.argument in {one.argument for one in verdict.operations}


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.leads_to is not None])
def test_models_that_look_ahead_say_what_their_steps_do(name: str) -> None:
    """What a read sees can be led to from every state since the last reset; a reset leaves what it is said to leave."""
    model, draws = MODELS[name], random.Random(name)
    fs = next(fs for one, fs in reversed(KINDS) if one is model)
    assert model.leads_to is not None
    resets = 0
    for _ in range(200):
        states = [model.initial]
        for number in range(8):
            f = draws.choice(fs)
            new = number if model is LOG else f"{number} "
            argument = {"append": new, "put": new, "cas": [draws.choice(states), new]}.get(f)
            after, value, result = stepped(model, states[-1], f, argument)
            told = None if result is None else ("bool", repr(result))
            arguments = (f, frozen(argument), frozen(value), told)
            left = model.resets_to(*arguments)
            if f in model.reads or result:
                assert all(model.leads_to(state, *arguments) for state in states)
            if left is not ILLEGAL:
                assert left == after
                assert left == model.resets_to(f, frozen(argument), UNKNOWN, None)
                states, resets = [], resets + 1
            states.append(after)
    assert resets or model is LOG


def test_looking_ahead_costs_what_the_key_has_and_not_what_all_keys_have() -> None:
    """The model is asked a few times for each operation, however many keys there are."""
    asked = 0

    def counted(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return KV.resets_to(*arguments)

    history, keys = History(), 200
    for key in map(str, range(keys)):
        for process in (0, 1):
            history.invoke(process, "append", key, f"{key}.{process} ")
        for process in (0, 1):
            history.complete(process, "ok")
        history.invoke(2, "get", key)
        history.complete(2, "ok", f"{key}.1 {key}.0 ")
    assert linearizable(history, attrs.evolve(KV, resets_to=counted)).outcome == "valid"
    assert keys <= asked < 20 * keys
