"""What the interactive plots show, as data."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reports.figures.modes import mode_words
from reports.figures.selection import column, groups, known, lines, positive
from reports.figures.thinning import thinned
from reports.judging.rows import Row
from reports.pages.html import row_anchors

_POINTS = 60  # rounds of a run that are drawn
_COLUMNS = ["run", "row_id", "k", "measured", "lower", "upper", "bound"]


def rows_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per row with a measured and a predicted value; link leads to the row on the report's page."""
    anchors = row_anchors(rows)
    shown = [
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
    return pd.DataFrame(shown, columns=columns).astype({"tightness": "float64"})


def runs_frame(curves: pd.DataFrame) -> pd.DataFrame:
    """Some rounds of every run, its extremes among them: the squared meta-gradient and T2's right side."""
    parts = []
    for row_id, run in groups(known(curves, "row_id_T2"), "row_id_T2"):
        run = positive(run, "squared_gradient").sort_values("k")
        if run.empty:
            continue
        shown = thinned(run, "squared_gradient", _POINTS)
        first = lines(shown)[0]
        mode = mode_words(first["mode"])
        label = f"{first['task']}, {mode}, nu = {first['nu']}, tau = {first['tau']}, m = {first['m']} of {first['n']}"
        sides = {end: shown[f"squared_gradient_{end}"] for end in ("lower", "upper", "bound")}
        measured = {"k": shown["k"], "measured": shown["squared_gradient"]}
        parts.append(pd.DataFrame({"run": label, "row_id": row_id, **measured, **sides}))
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    frame = pd.concat(parts, ignore_index=True)
    # runs of one setting differ in their step: the label alone must name one run
    labels = column(frame.drop_duplicates(["run", "row_id"]), "run")
    frame.loc[frame["run"].isin(labels[labels.duplicated()].tolist()), "run"] = frame["run"] + ", " + frame["row_id"]
    return frame
