"""Prose and formulas of the theory as HTML and MathML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from theory.printing.mathml import mathml, prose_html
from theory.views import Bound, Quantity


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


def definition(quantity: Quantity) -> Markup:
    """A quantity with its definition, as a formula of its own; as it is typed where it has no MathML."""
    try:
        return steady(quantity.mathml)
    except ValueError:
        return escape(quantity.latex)


_NEEDLESS = (' xmlns="http://www.w3.org/1998/Math/MathML"', ' display="inline"')  # what HTML takes for granted


def steady(html: str) -> Markup:
    """MathML as a page needs it: without what HTML takes for granted, and with plain brackets that keep their size.

    Only fences, which carry an attribute, are meant to grow.
    """
    for attribute in _NEEDLESS:
        html = html.replace(attribute, "")
    return Markup(re.sub(r"<mo>([()\[\]{}|‖])</mo>", r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', html))
