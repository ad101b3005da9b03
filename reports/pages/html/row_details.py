"""What a row says when it is opened, as data that the page's script shows: texts that rows share are stored once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reports.judging.rows import Row, StatedConstant
from reports.judging.verdicts import sound_side
from reports.pages.html.commands import evaluation_words, repeat_words
from reports.pages.html.numerals import number
from reports.pages.html.row_table import Listed
from reports.pages.words import counted
from reports.records.store import Store

# how the script shows a part: as running text, as a list, as a command, as the record of its run
TEXT, LIST, CODE, RUN = range(4)
Part = tuple[str, int, list[str]]
_SIGNS = {"exact": "=", "upper": "≤", "lower": "≥", "interval": "≈"}
_BOUNDS = ("upper", "lower")


def embedded(tables: Sequence[Listed], manifest: Mapping[str, Any]) -> Markup:
    """JSON for a script element: the texts, and by table and row the sort keys and the parts, texts by their places."""
    pool: dict[str, int] = {}

    def placed(text: str) -> int:
        return pool.setdefault(text, len(pool))

    found = [
        [
            [
                [_plain(column.keys[place]) for column in one.columns],
                [[placed(term), style, *map(placed, texts)] for term, style, texts in details(row, manifest)],
            ]
            for place, row in enumerate(one.rows)
        ]
        for one in tables
    ]
    text = json.dumps({"tables": found, "texts": list(pool)}, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _plain(key: float | str | None) -> float | str | None:
    """A sort key as JSON has it: what is not finite is absent."""
    return key if not isinstance(key, float) or abs(key) < float("inf") else None


def details(row: Row, manifest: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of a row's details in order: a term, how it is shown, and its texts."""
    yield "Reason", TEXT, [row.reason]
    yield "Decided by", TEXT, [row.decided_by]
    yield "In numbers", TEXT, list(_numbers(row))
    for term, told in (("Holds", True), ("Assumed", "assumed"), ("Fails", False)):
        if checks := [f"{check.name}: {check.detail}" for check in row.hypotheses if check.holds == told]:
            yield term, LIST, checks
    if row.constants:
        yield "Constants", LIST, [constant_words(name, one) for name, one in row.constants.items()]
    yield "Setting", TEXT, list(_setting(row))
    if row.witness:
        yield "Witness", CODE, [json.dumps(row.witness, ensure_ascii=False)]
    files = [file["file"] for file in manifest.get("claims", ())]
    yield "Predicted again", CODE, evaluation_words(row, files)
    yield "Measured again", CODE, repeat_words(row)
    if key := manifest.get("row_records", {}).get(row.row_id):
        yield "Run", RUN, [Store(Path("records")).path(key).as_posix()]


def constant_words(name: str, constant: StatedConstant) -> str:
    """A constant with its side, and whether that is the safe one.

    >>> constant_words("L", StatedConstant(value=2, side="upper"))
    'L ≤ 2 (upper bound, the safe side)'
    >>> constant_words("mu", StatedConstant(value=0.5, side="lower"))
    'mu ≥ 0.5 (lower bound, the safe side)'
    """
    known = {"exact": "exact", "interval": "known in an interval", "upper": "upper bound", "lower": "lower bound"}
    safe = ", the safe side" if constant.side == sound_side(name) else ", which never certifies"
    return f"{name} {bounded(constant)} ({known[constant.side]}{safe if constant.side in _BOUNDS else ''})"


def bounded(constant: StatedConstant) -> str:
    """The value of a constant behind the sign of its side.

    >>> bounded(StatedConstant(value=2, side="upper")), bounded(StatedConstant(value=2, side="exact"))
    ('≤ 2', '= 2')
    """
    return f"{_SIGNS[constant.side]} {number(constant.value, 6)}"


def unsafe(name: str, constant: StatedConstant) -> bool:
    """Whether a constant is known on the side that never certifies."""
    return constant.side in _BOUNDS and constant.side != sound_side(name)


def _numbers(row: Row) -> Iterator[str]:
    if row.measured is not None:
        exact = row.lower == row.upper == row.measured
        limits = "exactly" if exact else f"in [{number(row.lower, 6)}, {number(row.upper, 6)}]"
        yield f"measured {number(row.measured, 10)} {limits}"
    yield f"predicted {number(row.predicted, 10)}"
    if row.trivial is not None:
        yield f"trivial bound {number(row.trivial, 6)}"


def _setting(row: Row) -> Iterator[str]:
    yield f"α = {number(row.alpha, 6)}"
    if row.beta is not None:
        yield f"β = {number(row.beta, 6)}"
    if row.K is not None:
        yield f"K = {row.K}"
    if row.replicas is not None:
        yield counted(row.replicas, "replica")
    if row.seeds is not None:
        yield counted(row.seeds, "seed")
    yield row.kind
    yield row.provenance
