"""How Sphinx builds the documentation: python -m sphinx -W docs site.

Sphinx, since this field's own libraries are read in it (PyTorch, NumPy, scikit-learn, JAX, PEPit); MyST, so that pages
stay Markdown; formulas become MathML by the theory's own printer, so that pages need no network.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import generate  # noqa: E402

from reports import __version__  # noqa: E402
from theory.printing.mathml import mathml  # noqa: E402

project = "meta-fedavg-bounds"
version = release = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
html_math_renderer = "mathml"
nitpicky = True
exclude_patterns = ["_build", "generated/gallery.md"]
# generated pages hold Python signatures whose annotations are words for a reader, not targets
python_display_short_literal_types = True
nitpick_ignore_regex = [("py:.*", ".*")]


def setup(app: Any) -> None:
    """Write the generated pages before anything is read; render formulas."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.connect("builder-inited", lambda _: generate.write(HERE / "generated"))
    app.connect("source-read", _outside)


def _inline(self: Any, node: Any) -> None:
    _shown(self, node, "inline")


def _display(self: Any, node: Any) -> None:
    _shown(self, node, "block")


def _shown(self: Any, node: Any, display: str) -> None:
    from docutils.nodes import SkipNode

    source = node.astext()
    try:
        self.body.append(mathml(source, display))
    except ValueError:  # a formula of the page beyond the printer's subset stays as it was written
        self.body.append(f"<code>{escape(source)}</code>")
    raise SkipNode


def _outside(app: Any, name: str, content: list[str]) -> None:
    """Links to files of the repository outside docs become their paths, which a reader of a checkout can open."""
    content[0] = generate.without_outside_links(content[0])
