"""Prose and formulas of the theory as HTML and MathML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from theory.printing.mathml import mathml, prose_html
from theory.views import Bound


def prose(text: str) -> Markup:
    """Text with $inline formulas$ as HTML; a formula outside the subset that has MathML stays as it is typed."""
    try:
        return steady(prose_html(text))
    except ValueError:
        return escape(text)


def inline(latex: str) -> Markup:
    """A formula in running text; one outside the subset that has MathML stays as it is typed."""
    try:
        return steady(mathml(latex, "inline"))
    except ValueError:
        return escape(latex)


def display(bound: Bound) -> Markup:
    """What a statement says, as a formula of its own; as it is typed where it has no MathML."""
    try:
        return steady(bound.mathml)
    except ValueError:
        return escape(bound.latex)


def steady(html: str) -> Markup:
    """MathML in which a plain bracket keeps its size: only fences, which carry an attribute, are meant to grow."""
    return Markup(re.sub(r"<mo>([()\[\]{}|‖])</mo>", r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', html))
