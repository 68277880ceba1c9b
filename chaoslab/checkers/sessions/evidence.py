"""What the session guarantees show for a valid history; for an invalid one see ``reads_from.evidence``."""

from __future__ import annotations

import attrs

__all__ = ["VersionOrders"]


@attrs.frozen(kw_only=True)
class VersionOrders:
    """Evidence of the guarantees that look at one key at a time.

    Operations are named by the index of their invocation, sessions by their number in the order of first operations.

    Attributes:
        orders: For a session and a key that it used (named by any operation on it): the writes whose values it saw or
            wrote, in an order of versions that the guarantee allows it to have seen. Empty where none is needed.
        readings: What was assumed where several writes explain a read (None: the initial value).
    """

    orders: tuple[tuple[int, int, tuple[int, ...]], ...] = ()
    readings: tuple[tuple[int, int | None], ...] = ()
