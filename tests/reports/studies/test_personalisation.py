"""The whole study, tiny: built by the command, read again, enlarged, redrawn and checked."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from reports import recheck
from reports.build import app
from reports.figures import image
from reports.figures.__main__ import app as figures_app
from reports.records.workers import OneByOne
from reports.store import app as store_command
from reports.studies.arms import Arm, arms
from reports.studies.drawings.personalisation import personalisation_figures
from reports.studies.personalisation import run_personalisation
from reports.studies.study import Context, read_frames
from reports.studies.training import Scene, Training
from tests.reports.forging import record_path, record_paths
from tests.reports.studies.tiny_study import TINY, tiny


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    plan = folder / "plan.toml"
    levels = 'levels = [{ name = "mild", concentration = 10.0 }, { name = "moved", labels = 3, relabelled = 10 }]\n'
    lines = [f"{key} = {json.dumps(value)}" for key, value in TINY.items() if key != "levels"]
    plan.write_text('title = "Tiny"\n[[studies]]\n' + levels + "\n".join(lines) + "\n")
    out = folder / "out"
    done = CliRunner().invoke(app, ["--plan", str(plan), "--out", str(out), "--jobs", "1", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert "personalisation: More fine-tuning steps beat Per-FedAvg" in done.output
    return out


def test_the_page_says_what_was_found_and_nothing_about_rows(finished: Path) -> None:
    page = (finished / "index.html").read_text()
    assert "<h1>More fine-tuning steps beat Per-FedAvg" in page
    assert 'id="personalisation"' in page
    assert "Nothing was measured" not in page
    for name in ("map", "courses", "gain", "approximations"):
        assert f'id="figure-personalisation_{name}"' in page


def test_every_arm_is_in_every_frame(finished: Path) -> None:
    frames = read_frames(finished, "personalisation")
    expected = {(level, arm.mode, arm.nu) for level in ("mild", "moved") for arm in arms(tiny())}
    for name in ("results", "means", "curves", "targets", "pilots"):
        frame = frames[name]
        assert set(zip(frame["level"], frame["mode"], frame["nu"], strict=True)) == expected, name
    results = frames["results"]
    assert set(results["seed"]) == {0, 1}
    assert set(results["adapt"]) == {0, 1, 2, 3}
    assert results["accuracy"].between(0, 1).all()
    chosen = frames["pilots"].groupby(["level", "mode", "nu"])
    assert (chosen["chosen"].sum() == 1).all()
    assert (chosen.apply(lambda part: part.loc[part["objective"].idxmin(), "chosen"], include_groups=False)).all()


def test_training_starts_from_the_same_model_in_every_arm(finished: Path) -> None:
    curves = read_frames(finished, "personalisation")["curves"]
    start = curves[curves["k"] == 0]
    assert (start.groupby(["level", "group", "adapt"])["loss"].nunique() == 1).all()


def test_figures_are_redrawn_from_the_frames(finished: Path) -> None:
    before = {path.name: path.read_bytes() for path in (finished / "figures").glob("personalisation_*.svg")}
    assert len(before) == 5
    done = CliRunner().invoke(figures_app, ["--out", str(finished), "--format", "svg"])
    assert done.exit_code == 0, done.output
    assert {name: (finished / "figures" / name).read_bytes() for name in before} == before
    for figure in personalisation_figures(read_frames(finished, "personalisation")):
        assert image(figure, "png")
        assert figure.alt


def test_a_finished_study_is_read_and_more_seeds_add_to_it(finished: Path) -> None:
    records = finished / "records"
    before = {path.name: path.stat().st_mtime_ns for path in record_paths(finished)}
    context = Context(root=0, seeds=1, workers=OneByOne(), device="cpu", records=records)
    again = run_personalisation(tiny(), context)
    assert {path.name: path.stat().st_mtime_ns for path in record_paths(finished)} == before
    stored = read_frames(finished, "personalisation")
    for name, frame in again.frames.items():
        pd.testing.assert_frame_equal(frame.reset_index(drop=True), stored[name], check_dtype=False, rtol=1e-12)
    more = run_personalisation(tiny(levels=TINY["levels"]), Context(0, 3, OneByOne(), "cpu", records))
    added = {path.name for path in record_paths(finished)} - set(before)
    assert len(added) == 2 * len(arms(tiny())), "one record for each level and arm of the third seed"
    assert set(more.frames["results"]["seed"]) == {0, 1, 2}


def test_pruning_keeps_the_records_of_a_study(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    assert manifest["study_records"]
    for path in record_paths(finished):
        os.utime(path, (0, 0))
    assert CliRunner().invoke(store_command, ["prune", "--out", str(finished)]).exit_code == 0
    kept = {path.stem for path in record_paths(finished)}
    assert set(manifest["study_records"]) <= kept


@pytest.mark.parametrize("arm", [Arm("exact", 2), Arm("first_order", 1), Arm("hessian_free", 1)])
def test_seeds_trained_as_replicas_are_seeds_trained_alone(arm: Arm) -> None:
    plan = tiny()
    cells = [Training(Scene(plan.levels[1], seed, 0, plan, "cpu"), arm, 0.1, 0.2, (0, 2, 4), 2) for seed in range(3)]
    alone, together = [cell.make() for cell in cells], cells[0].make_with(cells[1:])
    for (_, one), (_, other) in zip(alone, together, strict=True):
        # float32, eight local steps, sums in another order
        np.testing.assert_allclose(one["loss"], other["loss"], rtol=1e-3)
        np.testing.assert_allclose(one["objective"], other["objective"], rtol=1e-4)
    on_gpu = [replace(cell, scene=replace(cell.scene, device="cuda")) for cell in cells]
    assert len({cell.batch for cell in on_gpu}) == 1
    assert len({cell.key for cell in on_gpu}) == len({cell.batch for cell in cells}) == 3


def test_a_changed_record_of_a_study_is_named(finished: Path) -> None:
    assert recheck.check(finished, jobs=1).differences == []
    key = json.loads((finished / "manifest.json").read_text())["study_records"][0]
    path = record_path(finished, key)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"kind"', b'"kinq"'))
    found = recheck.check(finished, jobs=1).differences
    assert any(key in line for line in found)
    path.write_bytes(whole)
