"""Rows are named by their settings: what two cells of a plan differ in joins the label of both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.measure.at_points import AtPoints
from reports.measure.statement import Measured
from reports.plans.entries import PlanError, shown
from reports.statements import measured

PlanCell = PointsCell | NoiseCell | RunCell
# what a row id always has; two cells that differ there only in what no row shows still differ
_NAMED = {
    "points": ("task", "nu", "label"),
    "noise": ("task", "nu", "label", "D"),
    "runs": ("task", "mode", "nu", "tau", "m", "label", "fraction"),
}
_SHORT = {"rounds": "K", "alpha_L": "aL", "replicas": "N"}
_IDLE = {"statements", "note"}
_LONGEST = 3


def named(cells: Sequence[PlanCell]) -> list[PlanCell]:
    """The cells, those whose rows would have one name told apart by the settings in which they differ.

    Raises:
        PlanError: two cells of one statement are the same in everything that a row can name.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, cell in enumerate(cells):
        alike.setdefault(_name(cell), []).append(place)
    found = list(cells)
    for places in alike.values():
        for group in _meeting(cells, places):
            differing = _differing([cells[place] for place in group])
            told: dict[str, int] = {}
            for place in group:
                label = "-".join(word for word in (cells[place].label, _words(cells[place], differing)) if word)
                if label in told and set(cells[place].statements) & set(cells[told[label]].statements):
                    raise PlanError(_twice(cells[place]))
                told.setdefault(label, place)
                found[place] = cells[place].model_copy(update={"label": label})
    return found


def _name(cell: PlanCell) -> tuple[Any, ...]:
    """What the ids of its rows are made of; where all of its statements probe, the rows add their probe step.

    A user's own statement is not asked: names are the same whether its module may be imported or not.
    """
    probes = cell.kind == "points" and all(":" not in name and _probes(measured(name)) for name in cell.statements)
    return cell.kind, *(getattr(cell, key) for key in _NAMED[cell.kind]), getattr(cell, "delta", None) if probes else ""


def _probes(record: Measured) -> bool:
    return isinstance(record, AtPoints) and record.mode.probes


def _meeting(cells: Sequence[PlanCell], places: Sequence[int]) -> list[list[int]]:
    """Cells among these that share a statement with another, directly or through others; none that shares none."""
    groups: list[tuple[set[str], list[int]]] = []
    for place in places:
        names, members = set(cells[place].statements), [place]
        apart = []
        for other, theirs in groups:
            if other & names:
                names, members = names | other, [*theirs, *members]
            else:
                apart.append((other, theirs))
        groups = [*apart, (names, members)]
    return [sorted(members) for _, members in groups if len(members) > 1]


def _differing(cells: Sequence[PlanCell]) -> list[str]:
    keys = [key for key in type(cells[0]).model_fields if key not in {*_IDLE, *_NAMED[cells[0].kind]}]
    return [key for key in keys if len({str(getattr(cell, key)) for cell in cells}) > 1]


def _words(cell: PlanCell, keys: Sequence[str]) -> str:
    return "-".join(f"{_SHORT.get(key, key)}{_word(getattr(cell, key))}" for key in keys)


def _word(value: object) -> str:
    if isinstance(value, list):
        text = "_".join(_word(one) for one in value)
        return text if len(value) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()[:8]
    return str(value).replace("/", "_") if isinstance(value, Fraction) else "" if value is None else str(value)


def _twice(cell: PlanCell) -> str:
    where = ", ".join(f"{key} = {getattr(cell, key)}" for key in _NAMED[cell.kind] if key != "label")
    return (
        f"[[{cell.kind}]]: two cells with label = {shown(cell.label)} and {where} differ in nothing that a row can "
        f"name and both measure {', '.join(cell.statements)}; expected one of them, or another label"
    )
