r"""Formulas as displays that fit a width: rows broken at relations, signs and commas, at last inside brackets.

Widths are in letters, roughly: scripts count two thirds, a fraction its wider side. A row that finds no place to break
is set in \MFLfit, which makes it as narrow as the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

FULL = 54.0  # letters that a text block of 345 points, the narrowest of one column, has room for
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}]|\s+|.", re.DOTALL)
_OPENING, _CLOSING = (r"\left", "{", r"\begin"), (r"\right", "}", r"\end")
_RELATIONS = ("=", r"\le", r"\ge", "<", ">", r"\ne", r"\in", r"\to")
_SIGNS = ("+", "-")
_CASES = re.compile(r"(.*?)\\begin\{cases\}(.*)\\end\{cases\}\s*", re.DOTALL)
_INDENT = 2.0  # letters that a continued line is set in by


def display(latex: str, limit: float = FULL) -> str:
    r"""A formula as a display that may break over pages and whose lines are at most so many letters wide.

    >>> print(display(r"\begin{aligned} a &= b \end{aligned}"))
    \begin{align*}
    a &= b
    \end{align*}
    >>> display(r"\begin{aligned} a &= " + " + ".join("b" * 20 for _ in range(3)) + r" \end{aligned}").count(r"\\")
    1
    """
    inner = latex.strip().removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}").strip()
    rows = [row.strip() for row in split(inner, r"\\")]
    lines = rows if _aligned_width(rows) <= limit else [line for row in rows for line in _left(row, limit)]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _aligned_width(rows: Sequence[str]) -> float:
    """The width of rows that are aligned at their first mark: the widest left side beside the widest right side."""
    sides = [(first, " ".join(rest)) for first, *rest in (split(row, "&") for row in rows)]
    return max(width(left) for left, _ in sides) + max(width(right) for _, right in sides)


def _left(row: str, limit: float) -> Iterator[str]:
    """The lines of a row that starts at the left margin, each with its alignment mark."""
    flat = " ".join(part.strip() for part in split(row, "&")).strip()
    for place, line in enumerate(_broken(flat, limit)):
        indented = rf"\quad {{}}{line}" if place else line
        narrow = width(line) + _INDENT * bool(place) <= limit
        yield f"& {indented}" if narrow else rf"& \MFLfit{{{indented}}}"


def _broken(text: str, limit: float) -> list[str]:
    """The lines of a formula; one that has no place to break may be too wide."""
    if width(text) <= limit:
        return [text]
    if cases := _CASES.fullmatch(text):
        return _listed(cases[1].strip(), cases[2], limit)
    lines = _filled(text, limit)
    return [part for line in lines for part in _opened(line, limit - _INDENT)]


def _filled(text: str, limit: float, kinds: Sequence[str] = ("commas", "relations", "signs")) -> list[str]:
    """Lines of as many pieces as have room: cut after commas, a piece that is too wide at relations, then at signs."""
    if not kinds or width(text) <= limit:
        return [text]
    lines, room = [""], limit - _INDENT
    for piece in _pieces(text, kinds[0]):
        for part in [piece] if width(piece) <= room else _filled(piece, room, kinds[1:]):
            if lines[-1] and width(f"{lines[-1]} {part}") > (room if len(lines) > 1 else limit):
                lines.append("")
                part = re.sub(r"^(\\quad|\\,)\s*", "", part)
            lines[-1] = f"{lines[-1]} {part}".strip()
    return lines


def _listed(left: str, cases: str, limit: float) -> list[str]:
    """Cases one after another, each with its condition behind it, or below where there is no room."""
    lines = []
    for place, case in enumerate(split(cases, r"\\")):
        value, *condition = (part.strip() for part in split(case, "&"))
        words = " ".join(condition)
        when = words if words.startswith(r"\text{otherwise}") else rf"\text{{if }} {words}"
        head = f"{left} {value}" if place == 0 else f"= {value}"
        *above, last = _broken(head, limit - _INDENT)
        lines += above
        lines += [rf"{last}, \quad {when}"] if width(f"{last}  {when}") <= limit - 6 else [last + ",", rf"\quad {when}"]
    return lines


def _pieces(text: str, kind: str) -> list[str]:
    """What stands between the places where a line may end: after commas, or before relations, or before signs."""
    pieces, depth, current, tokens = [], 0, "", _TOKEN.findall(text)
    marks = {"commas": (), "relations": _RELATIONS, "signs": _SIGNS}[kind]
    for place, token in enumerate(tokens):
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth == 0 and current.strip() and token in marks and _binary(current):
            pieces.append(current.strip())
            current = ""
        current += token
        followed = place + 1 == len(tokens) or tokens[place + 1].isspace()
        if kind == "commas" and depth == 0 and token == "," and followed:
            pieces.append(current.strip())
            current = ""
    return [*pieces, current.strip()] if current.strip() else pieces


def _binary(before: str) -> bool:
    """Whether a sign after this text joins two terms: after a relation, a comma or an opening bracket it does not."""
    last = _TOKEN.findall(before.rstrip())[-1]
    return last not in (*_RELATIONS, *_SIGNS, ",", "(", "[", r"\quad", r"\{", r"\langle", r"\cdot")


def _opened(line: str, limit: float) -> list[str]:
    """A line that is too wide, broken inside its widest pair of brackets, which become brackets of a fixed size."""
    if width(line) <= limit:
        return [line]
    pairs = [(start, stop) for start, stop in _fenced(line) if len(_inner(_inside(line, start, stop))) > 1]
    if not pairs:
        return [line]
    start, stop = max(pairs, key=lambda pair: width(line[pair[0] : pair[1]]))
    inside, opening, closing = _inside(line, start, stop), _mark(line, start), _mark(line, stop)
    size = r"\Biggl" if re.search(r"\\(frac|sum)", inside) else r"\bigl"
    after = line[stop + len(r"\right") + len(closing) :]
    scripts = _scripts(after)
    *pieces, last = _inner(inside)
    lines = [line[:start] + size + opening]
    for piece in (*pieces, f"{last} {size[:-1]}r{closing}{scripts}", after[len(scripts) :].strip()):
        if width(f"{lines[-1]} {piece}") > limit:
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return [part for one in lines for part in (_opened(one, limit) if _whole(one) else [one])]


def _scripts(text: str) -> str:
    """The exponents and indices that a text begins with."""
    depth, end = 0, 0
    tokens = _TOKEN.findall(text)
    for place, token in enumerate(tokens):
        depth += (token in _OPENING) - (token in _CLOSING)
        script = token in ("^", "_") or (place and tokens[place - 1] in ("^", "_"))
        if depth == 0 and not script and token != "}":
            break
        end += len(token)
    return text[:end]


def _inner(text: str) -> list[str]:
    """The pieces between brackets: a list of several, else the terms of a sum."""
    listed = _pieces(text, "commas")
    return listed if len(listed) > 1 else _pieces(text, "signs")


def _whole(line: str) -> bool:
    """Whether a line has both of every pair of brackets that stretch, so that it can be broken by itself."""
    return line.count(r"\left") == line.count(r"\right")


def _fenced(line: str) -> Iterator[tuple[int, int]]:
    r"""Where \left and its \right stand, of every outermost pair that is in no group."""
    depth, start, place = 0, 0, 0
    for token in _TOKEN.findall(line):
        if token in _OPENING:
            start = place if depth == 0 else start
            depth += 1
        if token in _CLOSING:
            depth -= 1
            if depth == 0 and token == r"\right":
                yield start, place
        place += len(token)


def _mark(line: str, place: int) -> str:
    r"""The bracket after the \left or \right at a place."""
    found = re.match(r"\\(?:left|right)(\\?.)", line[place:])
    assert found is not None, "a place of a bracket that stretches"
    return found[1]


def _inside(line: str, start: int, stop: int) -> str:
    return line[start + len(r"\left") + len(_mark(line, start)) : stop].strip()


def split(text: str, mark: str) -> list[str]:
    """The parts of a formula between marks outside of all groups, fences and environments."""
    parts, current, depth = [], "", 0
    for token in _TOKEN.findall(text):
        depth += (token in _OPENING) - (token in _CLOSING)
        if token == mark and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += token
    return [*parts, current]


def width(text: str) -> float:
    """The width of a formula in letters, roughly: scripts at two thirds, a fraction as its wider side."""
    if cases := _CASES.fullmatch(text.strip()):
        rows = [split(row, "&") for row in split(cases[2], r"\\")]
        return width(cases[1]) + 3 + max(width(row[0]) for row in rows) + max(width(" ".join(row[1:])) for row in rows)
    tokens = [token for token in _TOKEN.findall(_worded(text)) if not token.isspace()]
    return _row_width(tokens, 0)[0]


def _worded(text: str) -> str:
    """Words in a formula: a letter of text is narrower than one of a formula, and its blanks count."""
    return re.sub(r"\\text\{([^{}]*)\}", lambda words: "." * len(words[1]), text)


_NOTHING = ("&", r"\left", r"\right", "}", r"\mathrm", r"\text", r"\bar", r"\tilde", r"\hat", r"\mathbb", r"\big")
_WIDE = {
    "+": 2.1, "-": 2.1, "=": 2.2, r"\le": 2.2, r"\ge": 2.2, "<": 2.2, ">": 2.2, r"\in": 2.0, r"\to": 2.4, r"\sum": 2.4,
    r"\min": 2.6, r"\max": 2.8, r"\quad": 1.7, r"\qquad": 3.4, r"\sqrt": 1.2, r"\dots": 2.0, r"\cdot": 1.2, ".": 0.75,
    ",": 0.8, r"\,": 0.3, "(": 0.7, ")": 0.7, "[": 0.6, "]": 0.6, "|": 0.6, r"\|": 0.9, "!": 0.5, r"\log": 2.2,
    r"\Biggl": 0.6, r"\Biggr": 0.6, r"\bigl": 0.2, r"\bigr": 0.2, r"\langle": 0.7, r"\rangle": 0.7, r"\nabla": 1.4,
}  # fmt: skip


def _row_width(tokens: Sequence[str], place: int) -> tuple[float, int]:
    total = 0.0
    while place < len(tokens) and tokens[place] != "}":
        part, place = _atom_width(tokens, place)
        total += part
    return total, place + 1


def _atom_width(tokens: Sequence[str], place: int) -> tuple[float, int]:
    if place >= len(tokens):
        return 0.0, place
    token = tokens[place]
    if token == "{":
        return _row_width(tokens, place + 1)
    if token in ("_", "^"):
        part, place = _atom_width(tokens, place + 1)
        return 0.72 * part, place
    if token == r"\frac":
        above, place = _atom_width(tokens, place + 1)
        below, place = _atom_width(tokens, place)
        return max(above, below) + 0.4, place
    return 0.0 if token in _NOTHING else _WIDE.get(token, 1.0), place + 1
