"""How Sphinx makes the documentation: ``make docs``. Warnings are errors there."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import chaoslab

project = "ChaosLab"
author = "The ChaosLab maintainers"
version = release = chaoslab.__version__
html_title = f"ChaosLab {release}"
html_theme = "furo"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True


def setup(app: Sphinx) -> None:
    """Know the histories on the page about the ladder by name."""
    app.add_lexer("history", TextLexer)
