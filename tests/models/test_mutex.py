"""The model of a lock."""

from __future__ import annotations

from typing import Any

from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["mutex"]


def after(*steps: tuple[str, Any, Any, Any]) -> Any:
    """Return the state after ``(f, owner, token, result)``, or ILLEGAL as soon as one is."""
    state: Any = MODEL.initial
    for f, owner, token, result in steps:
        state = MODEL.step(state, f, owner, token if token is UNKNOWN else frozen(token), frozen(result))
        if state is ILLEGAL:
            break
    return state


def test_one_holds_it_at_a_time() -> None:
    """A second acquire is illegal before the release and legal after it."""
    assert after(("acquire", 1, None, None), ("acquire", 2, None, None)) is ILLEGAL
    assert after(("acquire", 1, None, None), ("release", 1, None, None), ("acquire", 2, None, None)) is not ILLEGAL


def test_only_its_owner_releases_it() -> None:
    """Another one, or anybody when it is free, does not; without owners anybody does."""
    assert after(("acquire", 1, None, None), ("release", 2, None, None)) is ILLEGAL
    assert after(("release", 1, None, None)) is ILLEGAL
    assert after(("acquire", None, None, None), ("release", None, None, None)) == MODEL.initial


def test_refusals_are_observations() -> None:
    """An acquire is refused only if somebody holds it, a release only to one who does not."""
    assert after(("acquire", 1, None, False)) is ILLEGAL
    assert after(("acquire", 1, None, None), ("acquire", 2, None, False)) is not ILLEGAL
    assert after(("acquire", 1, None, None), ("release", 2, None, False)) is not ILLEGAL
    assert after(("acquire", 1, None, None), ("release", 1, None, False)) is ILLEGAL


def test_true_says_that_it_was_granted_and_is_no_token() -> None:
    """A program without fencing tokens answers so."""
    granted = ("acquire", None, True, None)
    assert after(granted, ("release", None, None, None), granted) is not ILLEGAL
    assert after(granted, granted) is ILLEGAL


def test_fencing_tokens_grow() -> None:
    """A token that is not larger than the last one is illegal, also when an acquire of unknown token came between."""
    first, release = ("acquire", 1, 33, None), ("release", 1, None, None)
    assert after(first, release, ("acquire", 2, 34, None)) is not ILLEGAL
    assert after(first, release, ("acquire", 2, 33, None)) is ILLEGAL
    between = ("acquire", 3, UNKNOWN, None), ("release", 3, None, None)
    assert after(first, release, *between, ("acquire", 2, 34, None)) is ILLEGAL
    assert after(first, release, *between, ("acquire", 2, 35, None)) is not ILLEGAL
