"""Looks for mistakes in a page of HTML."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
NASTY = "<i>&amp;\"'</script><script>alert(1)</script> ]]> \u2028 ünïcode"
"""Words that are none of ours."""


class _Strict(HTMLParser):
    """Complains about each tag that is not closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.wrong.append(f"<{tag}> at {self.getpos()} says one thing twice")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()} closes nothing")


def checked(page: str) -> _Strict:
    parser = _Strict()
    parser.feed(page)
    parser.close()
    return parser
