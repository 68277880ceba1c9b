"""Where keys stand in a TOML file."""

from __future__ import annotations

from chaoslab.scenario.locator import line_of, lines_of_keys

TEXT = '''\
# a comment = with an equals sign
top = 1
[a]
b = "x = [" # another
"quoted key" = 2
c.d = 3
[[fault]]
kind = "one"
[[fault]]
kind = "two"
more = [
  "kind = no",
  1,
]
long = """
kind = "not a key"
"""
last = true
'''


def test_every_key_has_its_line() -> None:
    """Tables, dotted and quoted keys, arrays of tables; texts and comments are no keys."""
    lines = lines_of_keys(TEXT)
    assert lines[("top",)] == 2
    assert lines[("a",)] == 3
    assert lines[("a", "b")] == 4
    assert lines[("a", "quoted key")] == 5
    assert lines[("a", "c", "d")] == 6
    assert lines[("fault", 0, "kind")] == 8
    assert lines[("fault", 1, "kind")] == 10
    assert lines[("fault", 1, "more")] == 11
    assert lines[("fault", 1, "long")] == 15
    assert lines[("fault", 1, "last")] == 18


def test_a_key_that_does_not_stand_there_has_the_line_of_its_table() -> None:
    """A missing key is missing from somewhere."""
    lines = lines_of_keys(TEXT)
    assert line_of(("fault", 1, "target"), lines) == 9
    assert line_of(("nothing",), lines) is None
