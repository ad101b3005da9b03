"""The plots to explore: they show the rows and runs, ask for nothing, and keep every number in a table as well."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html import unescape

import pandas as pd
import pytest

from reports import outputs
from reports.figures import CURVE_COLUMNS
from reports.pages import interactive
from reports.pages.html import number, render, row_anchors
from reports.pages.interactive.charts import specifications
from reports.pages.interactive.frames import rows_frame, runs_frame
from tests.reports.page.rendered import Outline
from tests.reports.test_tables import HOSTILE, make_row, synthetic_curves, synthetic_rows

ROWS = synthetic_rows()
SHOWN = [row for row in ROWS if row.measured is not None and row.predicted is not None]
NO_CURVES = pd.DataFrame(columns=list(CURVE_COLUMNS))


@cache
def page() -> str:
    pytest.importorskip("altair", reason="the extra interactive is not installed")
    pytest.importorskip("vl_convert", reason="the extra interactive is not installed")
    return interactive.interactive_page(ROWS, synthetic_curves(), "Plan <b>title</b>")


def test_rows_are_shown_as_they_are_with_links_to_them():
    frame, anchors = rows_frame(ROWS), row_anchors(ROWS)
    assert len(frame) == len(SHOWN)
    for line, row in zip(frame.to_dict("records"), SHOWN, strict=True):
        assert (line["bound"], line["task"], line["measured"], line["predicted"]) == (
            row.bound,
            row.task,
            row.measured,
            row.predicted,
        )
        assert line["link"] == f"index.html#{anchors[row.row_id]}"


def test_every_run_keeps_its_first_and_last_round_and_its_own_name():
    curves = synthetic_curves()
    runs = runs_frame(curves)
    assert runs["row_id"].nunique() == curves["row_id_T2"].nunique() == runs["run"].nunique()
    for row_id, run in runs.groupby("row_id"):
        whole = curves[curves["row_id_T2"] == row_id]
        assert (run["k"].min(), run["k"].max()) == (whole["k"].min(), whole["k"].max())
        stored = whole.set_index("k").loc[run["k"]]
        assert (stored["squared_gradient"].to_numpy() == run["measured"].to_numpy()).all()


def test_runs_of_one_setting_are_told_apart():
    curves = synthetic_curves()
    other = curves.assign(row_id_T2=curves["row_id_T2"] + "half")
    runs = runs_frame(pd.concat([curves, other], ignore_index=True))
    assert runs.groupby("run")["row_id"].nunique().eq(1).all()
    assert runs["run"].nunique() == 2 * curves["row_id_T2"].nunique()


def test_plots_without_data_are_left_out():
    pytest.importorskip("altair", reason="the extra interactive is not installed")
    assert specifications(rows_frame([]), runs_frame(NO_CURVES)) == {}
    only_rows = specifications(rows_frame([make_row("S4")]), runs_frame(NO_CURVES))
    assert list(only_rows) == ["Measured against predicted", "Tightness by statement"]
    assert all(made["description"] for made in only_rows.values())


def test_its_policy_lets_run_its_own_scripts_and_load_nothing():
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page())
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "http" not in policy[1]
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page(), re.DOTALL)
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy[1]


def test_its_tables_hold_the_numbers_and_its_texts_are_escaped():
    body = re.sub(r"<script.*?</script>", "", page(), flags=re.DOTALL)
    outline = Outline(body)
    assert (outline.open, outline.wrong) == ([], [])
    assert HOSTILE not in page()
    assert HOSTILE in unescape(body)
    assert "Plan <b>title" not in page()
    for row in SHOWN:
        assert number(row.measured) in body


def test_the_same_report_gives_the_same_page():
    assert page.__wrapped__() == page()


def test_without_the_extra_there_is_no_file_and_no_link(tmp_path):
    path = tmp_path / "interactive.html"
    path.write_text("of an earlier report")
    assert outputs.stale(tmp_path, {"index.html": ""}) == [path]
    plain = render(ROWS, [], {}, "t", 1e-3)
    assert "interactive.html" not in plain
    assert '<a href="interactive.html">' in render(ROWS, [], {}, "t", 1e-3, companion="interactive.html")
