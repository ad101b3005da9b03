"""Of all bounds on one left side, the one that is least there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.judging.measurement import Measurement
from reports.judging.rows import Row, Verdict
from reports.measure.statement import Beside
from reports.statements import with_beside


def sharpest(
    cells: Sequence[Sequence[Measurement]], rows: Mapping[str, Row], own: Sequence[str] = ()
) -> dict[str, Row]:
    """By row id, the row of the smallest right side on the same left side in the same cell; absent where there is none.

    Two left sides are the same where a counterexample's script computes them by the same words. A user's claim is
    compared, and is itself never what is known; a bound that does not apply, or that is violated, is not either. own:
    the users' own statements among those measured, MODULE:NAME.
    """
    records = with_beside(own)
    lefts = [left for one in records for left in ((one.left,) if isinstance(one, Beside) else one.left)]
    scripts = {left.target: left.script for left in lefts}
    found: dict[str, Row] = {}
    for cell in cells:
        evidence = {one.row_id: one.evidence for one in cell}
        groups: dict[tuple[object, ...], list[Measurement]] = {}
        for one in cell:
            script = scripts.get(one.origin or (one.bound, one.quantity), "")
            place = (script or (one.bound, one.quantity), one.setting.mode, one.setting.nu)
            groups.setdefault(place, []).append(one)
        for group in groups.values():
            known = [row for one in group if _known(row := rows[one.row_id])]
            for one in group:
                mine = [row for row in known if one.origin is None or evidence[row.row_id] is one.evidence]
                if mine:
                    found[one.row_id] = min(mine, key=lambda row: row.predicted or 0.0)
    return found


def _known(row: Row) -> bool:
    """Whether it is a theorem that applies: ours or published, its hypotheses fulfilled, its right side a number."""
    applies = row.verdict not in (Verdict.NOT_APPLICABLE, Verdict.VIOLATED)
    return row.provenance != "claim" and applies and row.predicted is not None
