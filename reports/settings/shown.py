"""What a checked setting prints: one row in full, or a grid as a table and its remarks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reports.judging.rows import Row, Verdict
from reports.settings.checked import Checked, titled

_HOLDS = {True: "holds", False: "fails", "assumed": "assumed"}
_REMARKED = (Verdict.VIOLATED, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE)


def text(checked: Checked) -> Iterator[str]:
    """The lines for reading: every row with its hypotheses, or of a grid a table and why rows decide nothing."""
    if checked.varied:
        frame = checked.frame().drop(columns=["row_id", *_the_same(checked)])
        yield frame.to_string(index=False, float_format="{:.6g}".format, na_rep="-")
        for row in checked.rows:
            if row.verdict in _REMARKED:
                yield f"{row.row_id}: {row.verdict}: {row.reason}"
    elif checked.rows:
        yield "\n\n".join("\n".join(_row(row, checked.sharpest.get(row.row_id))) for row in checked.rows)
    others = f"; of this setting are {', '.join(checked.instead)}" if checked.instead else ""
    for name in checked.silent:
        yield f"{name}: gave no row here, its bound was not looked at{others}"


def as_json(checked: Checked) -> str:
    """The rows as verdicts.json has them, and by row id the sharpest known bound on the same left side."""
    best = {
        row.row_id: {"bound": found.bound, "quantity": found.quantity, "predicted": found.predicted}
        for row in checked.rows
        if (found := checked.sharpest.get(row.row_id)) is not None
    }
    content = {"rows": [row.model_dump(mode="json") for row in checked.rows], "sharpest": best}
    return json.dumps(content, indent=1, allow_nan=False)


def _the_same(checked: Checked) -> list[str]:
    """Columns that say nothing more than their neighbours: limits that are the value, the quantity of one bound."""
    exact = all(row.lower == row.measured == row.upper for row in checked.rows)
    single = all(row.quantity == row.bound for row in checked.rows)
    return [*(["lower", "upper"] if exact else []), *(["quantity"] if single else [])]


def _row(row: Row, best: Row | None) -> Iterator[str]:
    names = {"nu": row.nu, "tau": row.tau, "n": row.n, "m": row.m, "alpha": row.alpha, "beta": row.beta, "K": row.K}
    where = ", ".join(f"{name} = {_number(value)}" for name, value in names.items() if value is not None)
    known = "none that applies" if best is None else f"{_number(best.predicted)}   {titled(best)}"
    limits = "" if row.measured is None else f"   in [{_number(row.lower)}, {_number(row.upper)}]"
    yield f"{titled(row)} on {row.task}, {row.mode}: {where}"
    yield f"  predicted       {_number(row.predicted)}"
    yield f"  sharpest known  {known}"
    yield f"  trivial         {_number(row.trivial)}"
    yield f"  measured        {_number(row.measured)}{limits}"
    yield f"  tightness       {_number(row.tightness)}"
    yield f"  verdict         {row.verdict}: {row.reason}"
    yield f"  decided by      {row.decided_by}"
    for one in row.hypotheses:
        yield f"  {_HOLDS[one.holds]:<14}  {one.name}: {one.detail}"


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:.6g}"
