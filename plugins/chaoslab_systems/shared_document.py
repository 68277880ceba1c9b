"""A shared document: all write at the same time, also on a train; in the end everybody has the same with every edit in.

``shared-document`` merges edits. ``shared-document-saved-whole`` saves the whole document, and the last one to save
wins: the edits of all others since they last looked are gone. A document is the collection of its edits here, without
places.
"""

import attrs

from chaoslab_protocols import crdt, last_write_wins
from chaoslab_systems.additions import additions
from chaoslab_systems.whole_value_client import WholeValueClient

__all__ = ["PROTOCOLS", "WORKLOADS"]

WORKLOADS = (additions("edits", "people add edits to documents that they share, and read the documents"),)

PROTOCOLS = (
    attrs.evolve(
        crdt.PROTOCOLS[1],
        name="shared-document",
        summary="edits that are merged: all copies become the same, with every edit in",
        serves=("edits",),
    ),
    attrs.evolve(
        last_write_wins.PROTOCOLS[0],
        name="shared-document-saved-whole",
        summary="documents saved as a whole: the last one to save wins, and the edits of others are gone",
        client=WholeValueClient,
        serves=("edits",),
        claims=(),
    ),
)
