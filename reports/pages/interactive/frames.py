"""What the interactive plots show, as data."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false, reportOperatorIssue=false

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports.figures.modes import mode_words
from reports.judging.rows import Row
from reports.pages.html import row_anchors

_POINTS = 60  # rounds of a run that are drawn
_COLUMNS = ["run", "row_id", "k", "measured", "lower", "upper", "bound"]


def rows_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per row with a measured and a predicted value; link leads to the row on the report's page."""
    anchors = row_anchors(rows)
    lines = [
        {
            "bound": row.bound,
            "quantity": row.quantity,
            "task": row.task,
            "mode": mode_words(row.mode),
            "nu": row.nu,
            "measured": row.measured,
            "predicted": row.predicted,
            "tightness": row.tightness,
            "verdict": row.verdict.value.lower().replace("_", " "),
            "link": f"index.html#{anchors[row.row_id]}",
        }
        for row in rows
        if row.measured is not None and row.predicted is not None
    ]
    columns = ["bound", "quantity", "task", "mode", "nu", "measured", "predicted", "tightness", "verdict", "link"]
    return pd.DataFrame(lines, columns=columns).astype({"tightness": "float64"})


def runs_frame(curves: pd.DataFrame) -> pd.DataFrame:
    """Some rounds of every run, evenly spaced in the logarithm: the squared meta-gradient and T2's right side."""
    parts = []
    for row_id, run in curves.dropna(subset=["row_id_T2"]).groupby("row_id_T2", sort=False):
        run = run[run["squared_gradient"] > 0].sort_values("k")
        if run.empty:
            continue
        places = np.unique(np.geomspace(1, len(run), min(_POINTS, len(run))).round().astype(int)) - 1
        shown, first = run.iloc[places], run.iloc[0]
        mode = mode_words(first["mode"])
        values = {
            "measured": shown["squared_gradient"],
            "lower": shown["squared_gradient_lower"],
            "upper": shown["squared_gradient_upper"],
            "bound": shown["squared_gradient_bound"],
        }
        label = f"{first['task']}, {mode}, nu = {first['nu']}, tau = {first['tau']}, m = {first['m']} of {first['n']}"
        parts.append(pd.DataFrame({"run": label, "row_id": row_id, "k": shown["k"], **values}))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)
    # runs of one setting differ in their step: the label alone must name one run
    repeated = frame.groupby("run")["row_id"].transform("nunique") > 1 if len(frame) else pd.Series(dtype=bool)
    frame.loc[repeated, "run"] = frame["run"] + ", " + frame["row_id"]
    return frame
