"""How exactly a run was computed limits what its rows certify, and a record says how it was computed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from empirics.runs import fedavg
from reports.cells.cell import TaskPlan
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Sampled, Withheld
from reports.measure.along_run import run_measurements
from reports.measure.specify import run_arrays, run_cell, specify
from reports.measure.task_instance import TaskInstance
from reports.measure.trajectories import Rounding, losses, squared_gradients
from reports.recheck import RecheckError, reproduce
from reports.records.execution import execute
from reports.records.seeded_cell import SeededCell
from reports.records.store import Store
from tests.reports.measuring import of

NOISY = TaskPlan(
    name="cosine", factory="cosine", arguments={"noise": {"gradient": 0.25, "amplitude": 0.0625, "frequency": 2.0}}
)
CELL = RunCell(
    task="cosine", alpha_L=Fraction(1, 4), nu=1, tau=2, rounds=6, fraction=Fraction(1, 2), mode="stochastic",
    statements=["T1", "T2"], D=8, D_prime=8, D_H=8, replicas=40,
)  # fmt: skip
SUBJECT = TaskInstance.of(NOISY)


def test_float32_rows_are_widened_by_their_distance_to_float64() -> None:
    p = specify(SUBJECT, CELL, of(CELL))
    narrow = replace(p, instance=replace(p.instance, task=p.instance.task.to(dtype=torch.float32)))
    run = run_cell(narrow, seed=1)
    assert run is not None
    arrays = run_arrays([run])
    assert arrays["iterates"].dtype == np.float64
    distance = float(arrays["float64_distance"])
    assert distance == run.error_estimate > 0
    wide = run_cell(p, seed=1)
    assert wide is not None
    assert set(run_arrays([wide])) == {"iterates"}
    plain = Rounding(p, arrays["iterates"])
    widened = Rounding(p, arrays["iterates"], distance)
    # What the bounds speak of really moved by less than they were widened by, on the sample that was compared.
    exact = wide.iterates[:1].numpy()
    moved = abs(losses(p, arrays["iterates"][:1]) - losses(p, exact)).max()
    assert 0 < moved <= widened.loss + plain.loss
    roots = [np.sqrt(squared_gradients(p, w)) for w in (arrays["iterates"][:1], exact)]
    assert abs(roots[0] - roots[1]).max() <= widened.gradient + plain.gradient
    assert widened.path == pytest.approx(plain.path + distance, rel=1e-9)
    for narrow_row, row in zip(
        run_measurements(p, of(p.cell), arrays), run_measurements(p, of(p.cell), run_arrays([wide])), strict=True
    ):
        assert isinstance(row.evidence, Sampled)
        assert isinstance(narrow_row.evidence, Sampled)
        assert narrow_row.evidence.rounding > row.evidence.rounding


def test_tf32_rows_do_not_apply() -> None:
    p = specify(SUBJECT, CELL, of(CELL))
    run = fedavg.run(p.settings, p.instance.task, p.start, 6, seed=1, replicas=40, precision="tf32")
    measurements = run_measurements(p, of(p.cell), run_arrays([run]))
    assert len(measurements) == 2
    for measurement in measurements:
        assert isinstance(measurement.evidence, Withheld)
        assert "TF32" in measurement.evidence.reason


def _item(engine: dict | None, folder: Path) -> tuple[dict, np.ndarray]:
    item = SeededCell(CELL, NOISY, 0, 1, "cpu", 1e-3)
    outcome = execute(item, folder, engine)
    record = Store(folder).read(outcome.key)
    return dict(record.facts), record.arrays["iterates"]


def test_a_record_names_backend_and_chunk_and_is_repeated_with_them(tmp_path: Path) -> None:
    facts, iterates = _item({"backend": "torch", "chunk": 7}, tmp_path / "one")
    assert (facts["backend"], facts["chunk"], facts["notes"]) == ("torch", 7, [])
    again, repeated = _item(facts, tmp_path / "two")
    assert again == facts
    assert np.array_equal(repeated, iterates)
    free, _ = _item(None, tmp_path / "three")
    assert free["chunk"] == 40


def test_a_backend_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = SeededCell(CELL, NOISY, 0, 1, "cpu", 1e-3)
    outcome = execute(item, tmp_path / "records")
    record = Store(tmp_path / "records").read(outcome.key)
    elsewhere = replace(record, facts={**record.facts, "backend": "abacus"})

    class Folder:
        rows = staticmethod(lambda: [type("R", (), {"row_id": "x"})()])
        manifest = type("M", (), {"row_records": {"x": "key"}, "refinement": None})()
        store = type("S", (), {"read": staticmethod(lambda key: elsewhere)})()

    monkeypatch.setattr("reports.recheck.Finished.read", lambda out: Folder())
    with pytest.raises(RecheckError, match="cannot be run here as it was: backend = 'abacus'"):
        reproduce(tmp_path, "x")
