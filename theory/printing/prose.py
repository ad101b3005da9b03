r"""Prose as the records write it: $inline formulas$, \[displayed ones\], paragraphs between blank lines."""

from __future__ import annotations

import re

_DISPLAY = re.compile(r"\\\[(.*?)\\\]", re.DOTALL)


def paragraphs(text: str) -> list[str]:
    r"""The paragraphs of a text, each step of a proof one; a line may end anywhere else.

    >>> paragraphs("One step\nends.\n\nAnother.")
    ['One step\nends.', 'Another.']
    """
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def pieces(text: str) -> list[tuple[str, bool]]:
    r"""The running text and the displayed formulas of a paragraph in turn; True marks a displayed one.

    >>> pieces(r"So \[ a = b . \] Done.")
    [('So ', False), ('a = b .', True), (' Done.', False)]
    """
    parts = _DISPLAY.split(text)
    found = [(part.strip() if place % 2 else part, bool(place % 2)) for place, part in enumerate(parts)]
    return [found[0], *(piece for piece in found[1:] if piece[0])]
