"""A list of choices as the few products that it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_PART = re.compile(r", (?=(?:drift|eps|zeta|c|variance) (?:=|->))")
_KEYS = ("drift", "eps", "zeta", "c and variance")
_Block = tuple[tuple[str, ...], ...]


def listed(texts: Iterable[str]) -> list[str]:
    """Each product as a block of lines, a key and its values a line; an element is one value of every key.

    >>> for line in listed(["drift = a, eps = 1, c = x, variance = v", "drift = b, eps = 1, c = x, variance = v"]):
    ...     print(line)
      drift           a | b
      eps             1
      c and variance  c = x, variance = v
    """
    lines: list[str] = []
    for block in _products([_coordinates(text) for text in texts]):
        lines += [""] if lines else []
        for key, values in zip(_KEYS, block, strict=True):
            shown = [value or "none" for value in values]
            if key == _KEYS[-1]:
                lines += [f"  {name:<16}{value}" for name, value in zip((key, *[""] * len(shown)), shown, strict=False)]
            elif shown != ["none"]:
                lines.append(f"  {key:<16}{' | '.join(shown)}")
    return lines


def _coordinates(text: str) -> tuple[str, ...]:
    parts = {part.split(" ", 1)[0]: part.replace("eps -> 0", "-> 0") for part in _PART.split(text)}
    plain = (parts.get(key, "").removeprefix(f"{key} = ") for key in ("drift", "eps", "zeta"))
    return (*plain, ", ".join(parts[key] for key in ("c", "variance")))


def _products(elements: Sequence[tuple[str, ...]]) -> list[_Block]:
    """Elements that differ in one coordinate only are taken together, coordinate by coordinate."""
    blocks: list[_Block] = [tuple((value,) for value in element) for element in dict.fromkeys(elements)]
    for place in range(len(_KEYS)):
        merged: dict[_Block, list[str]] = {}
        for block in blocks:
            rest = (*block[:place], *block[place + 1 :])
            merged.setdefault(rest, []).extend(block[place])
        blocks = [(*rest[:place], tuple(values), *rest[place:]) for rest, values in merged.items()]
    return blocks
