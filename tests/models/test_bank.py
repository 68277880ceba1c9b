"""The models of a bank."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import HistoryError
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN, Model, bank_starting_as

STRICT = bank_starting_as({"a": 10, "b": 0})
LENIENT = bank_starting_as({"a": 10, "b": 0}, overdrafts=True)


def transferred(model: Model, amount: int, value: Any = None, result: Any = None) -> Any:
    """Return the state after a transfer of *amount* from a to b."""
    return model.step(model.initial, "transfer", frozen(["a", "b", amount]), value, frozen(result))


def test_transfers_move_money() -> None:
    """A read sees all balances at one moment."""
    state = transferred(STRICT, 4)
    assert STRICT.step(state, "read", None, frozen({"a": 6, "b": 4}), None) == state
    assert STRICT.step(state, "read", None, frozen({"a": 6, "b": 0}), None) is ILLEGAL


def test_balances_stay_above_zero_unless_overdrafts_are_allowed() -> None:
    """11 of 10 cannot be transferred, or can."""
    assert transferred(STRICT, 11) is ILLEGAL
    assert transferred(LENIENT, 11) == frozenset({("a", -1), ("b", 11)})


def test_only_want_of_money_is_a_reason_to_refuse() -> None:
    """A refused transfer moves nothing, and is legal only if it was not possible."""
    assert transferred(STRICT, 11, result=False) == STRICT.initial
    assert transferred(STRICT, 4, result=False) is ILLEGAL
    assert transferred(LENIENT, 11, result=False) is ILLEGAL


def test_a_transfer_of_unknown_outcome_moves_what_it_can() -> None:
    """It takes place if there is enough money, else it changes nothing."""
    assert transferred(STRICT, 4, UNKNOWN) == transferred(STRICT, 4)
    assert transferred(STRICT, 11, UNKNOWN) == STRICT.initial


def test_an_unknown_account_is_told() -> None:
    """The message names the accounts there are."""
    with pytest.raises(HistoryError, match=r"the bank has no account 'c'; its accounts: 'a', 'b'"):
        STRICT.step(STRICT.initial, "transfer", frozen(["a", "c", 1]), None, None)


def test_a_bank_of_which_nothing_is_said_starts_as_its_first_read_shows() -> None:
    """Transfers before it change nothing that can be seen; those after it do."""
    bank = MODELS["bank"]
    state = bank.step(bank.initial, "transfer", frozen(["a", "b", 1]), None, None)
    state = bank.step(state, "read", None, frozen({"a": 9, "b": 1}), None)
    state = bank.step(state, "transfer", frozen(["a", "b", 2]), None, None)
    assert bank.step(state, "read", None, frozen({"a": 7, "b": 3}), None) == state
    assert bank.step(state, "read", None, frozen({"a": 9, "b": 1}), None) is ILLEGAL
