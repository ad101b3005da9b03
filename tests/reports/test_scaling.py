"""The scaling study: counts are T7's, only participants exist, and a wrong count does not pass."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import empirics
import theory
from empirics import MODES
from empirics.algorithm import meta_gradients
from empirics.algorithm.modes import Mode
from empirics.runs.fedavg import run
from empirics.tasks.populations import QuadraticPopulation
from reports.build import app
from reports.figures import image
from reports.figures.__main__ import app as figures_app
from reports.judging.rows import Verdict
from reports.plans.plan import load_plan
from reports.plans.studies import ScalingPlan
from reports.records.store import Record
from reports.records.workers import OneByOne
from reports.studies.counted import CountingBackend, Counts, counting
from reports.studies.scaling import (
    agent_cells,
    broken_counts,
    counts_frame,
    flatness,
    headline,
    predicted_counts,
    runs_frame,
    scaling_section,
    step_cells,
    vectors_frame,
    weight_cells,
)
from reports.studies.scaling_cells import Bowls, Cost, Memory, Weight
from reports.studies.study import Context, read_frames

PLAN = ScalingPlan(kind="scaling", agents=[6, 50], participants=7, d=3, nus=[0, 2], sizes=[5, 4, 3], tau=2, rounds=3)


def cost(mode: str, nu: int, n: int = 50, plan: ScalingPlan = PLAN) -> Cost:
    return Cost(n, Mode(mode), nu, plan, 0, "cpu")


def measured(cell: Cost) -> tuple[Cost, Record]:
    facts, arrays = cell.make()
    return cell, Record(cell.key, cell.description(), facts, arrays)


# --- counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [6, 50])
@pytest.mark.parametrize("nu", [0, 1, 3])
@pytest.mark.parametrize("mode", MODES)
def test_every_count_is_the_one_of_T7(mode: str, nu: int, n: int) -> None:
    frame = counts_frame([measured(cost(mode, nu, n))])
    assert frame["equal"].all(), frame[~frame["equal"]]
    by_hand = {  # of one local step of one agent, with D = 5, D' = 4, D_H = 3
        "exact": (nu + 1, nu, 0, 0),
        "first_order": (nu + 1, 0, 0, 0),
        "hessian_free": (3 * nu + 1, 0, 0, 0),
        "stochastic": (0, 0, 5 * nu + 4, 3 * nu),
        "first_order_stochastic": (0, 0, 5 * nu + 4, 0),
        "hessian_free_stochastic": (0, 0, 5 * nu + 4 + 6 * nu, 0),
    }[mode]
    counted = frame.set_index("quantity")["counted"]
    steps = min(n, 7) * 2 * 3
    assert counted.tolist()[:4] == [each * steps for each in by_hand]
    assert counted["received"] == counted["returned"] == 3 * min(n, 7) * 3 * 8  # rounds, m, d, bytes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("noisy", [False, True])
def test_counting_changes_no_iterate(mode: str, noisy: bool) -> None:
    noise = {"noise": empirics.Noise.coordinate(5, 3, gradient=0.25, amplitude=0.1, frequency=2.0)} if noisy else {}
    generator = np.random.default_rng(0)
    A = generator.normal(size=(5, 3, 3))
    task = empirics.QuadraticTask(0.1 * (A + A.swapaxes(1, 2)), generator.normal(size=(5, 3)), **noise)
    settings = cost(mode, 2).settings
    settings = empirics.MetaFedAvg(**({**settings.__dict__, "participants": 4, "chunk": 2}))
    counts = Counts()
    plain = run(settings, task, np.ones(3), 3, seed=1, replicas=2, backend="torch")
    counted = run(settings, counting(task, counts), np.ones(3), 3, seed=1, replicas=2, backend=CountingBackend(counts))
    assert torch.equal(plain.iterates, counted.iterates)
    assert counts.gradients + counts.sample_gradients > 0


def test_only_participants_exist() -> None:
    wide = ScalingPlan(kind="scaling", agents=[10**6], participants=5, d=3, tau=1, rounds=4)
    counts = Counts()
    cell = cost("exact", 1, 10**6, wide)
    task = counting(QuadraticPopulation(10**6, 3, seed=0), counts)
    run(cell.settings, task, np.zeros(3), 4, seed=0, replicas=1, backend=CountingBackend(counts))
    assert (counts.together, counts.made) == (5, 5 * 4)


def test_a_wrong_count_is_red_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def wasteful(task, w, alpha, nu, **options):
        task.raw_gradient(w)
        return honest(task, w, alpha, nu, **options)

    honest = meta_gradients.exact
    monkeypatch.setitem(meta_gradients.OF_MODE, Mode.EXACT, wasteful)
    pair = measured(cost("exact", 2))
    counts = counts_frame([pair])
    (message,) = broken_counts(counts)
    assert "168 gradients counted, 126 predicted" in message  # 7 agents, 2 local steps, 3 rounds: 42 too many
    runs = runs_frame([pair])
    section = scaling_section(PLAN, {"counts": counts, "runs": runs, "vectors": no_vectors()})
    verdicts = {line[4]: line[7] for line in section.tables[0].lines}
    assert verdicts["gradients"] is Verdict.VIOLATED
    assert verdicts["Hessian-vector products"] is Verdict.HOLDS
    assert headline(PLAN, {"counts": counts, "runs": runs}).startswith("1 counts differ from those of T7")


def no_vectors() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("mode", "nu", "measured", "predicted", "space", "steady")})


def test_predictions_are_made_by_the_theory_alone() -> None:
    predicted = predicted_counts(cost("hessian_free_stochastic", 4))
    own = theory.costs("hessian_free_stochastic", 4, 5, 4, 3)
    assert predicted["sample_gradients"] == own.sample_gradients * 7 * 2 * 3
    assert predicted["sample_products"] == 0


# --- memory --------------------------------------------------------------------------------------------------------


def test_memory_is_flat_where_it_is_and_not_where_it_grows() -> None:
    def runs(megabytes: list[float]) -> pd.DataFrame:
        lines = [
            {"n": 10**k, "m": min(10**k, 100), "mode": "exact", "nu": 3, "megabytes": size}
            for k, size in enumerate(megabytes, 1)
        ]
        return pd.DataFrame(lines)

    assert flatness(runs([1.0, 5.0, 10.0, 11.0, 10.5])) == (1.1, 10**3, 10**5), "full participation does not count"
    assert flatness(runs([1.0, 5.0, 10.0, 100.0]))[0] == 10.0
    assert np.isnan(flatness(runs([1.0, 5.0, np.nan, 3.0]))[0])
    assert np.isnan(flatness(runs([1.0, 5.0]))[0])


def test_vectors_are_steady_when_memory_grows_as_T7_says() -> None:
    def pair(nu: int, vectors: float) -> tuple[Weight, Record]:
        cell = Weight(Mode.EXACT, nu, PLAN, 0, "cpu")
        return cell, Record("", {}, {"grown": vectors * cell.vectors}, {})

    frame = vectors_frame([pair(0, 2.2), pair(1, 4.1), pair(2, 6.1), pair(3, 7.1), pair(10, 15.9)])
    assert frame["predicted"].tolist() == [2, 3, 4, 5, 12]
    steady = frame["steady"].to_numpy()
    assert np.isnan(steady[:2]).all()
    assert steady[2:] == pytest.approx([0.0, 0.0, 1.8], abs=1e-9)
    none = vectors_frame([(Weight(Mode.EXACT, 2, PLAN, 0, "cpu"), Record("", {}, {"grown": None}, {}))])
    assert none["measured"].isna().all()


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux resets a peak")
def test_a_peak_is_seen_after_it_is_gone() -> None:
    with Memory() as memory:
        block = torch.ones(12_500_000, dtype=torch.float64)  # 100 MB, mapped apart and given back
        del block
    assert memory.grown is not None
    assert 0.9e8 < memory.grown < 2e8  # pages of other threads and of the interpreter come on top


def test_wide_agents_are_what_they_are_said_to_be() -> None:
    task = Bowls(3, 4, seed=1)
    w = torch.arange(12.0, dtype=torch.float64).reshape(3, 4)
    offset = w - task.parameter("c")
    assert torch.allclose(task.loss(w), offset.square().sum(-1) / 2)
    assert torch.equal(task.gradient(w), offset)
    assert torch.equal(task.hvp(w, w), w)


# --- the whole study, tiny -----------------------------------------------------------------------------------------


def test_the_packaged_study_reaches_a_million_agents() -> None:
    (plan,) = load_plan("scaling").studies
    assert isinstance(plan, ScalingPlan)
    assert (min(plan.agents), max(plan.agents), plan.participants) == (10, 10**6, 1000)
    assert set(plan.modes) == set(MODES)


def test_cells_cover_agents_steps_and_modes_once(tmp_path: Path) -> None:
    context = Context(0, 1, OneByOne(), "cpu", tmp_path)
    plan = PLAN.model_copy(update={"modes": [Mode.EXACT, Mode.STOCHASTIC], "nus": [0, 2, 5]})
    across, steps = agent_cells(plan, context), step_cells(plan, context)
    assert [(cell.n, cell.nu) for cell in across] == [(6, 2), (50, 2)]
    keys = [cell.key for cell in (*across, *steps)]
    assert len(set(keys)) == len(keys) == 2 + 5
    assert [(cell.mode, cell.nu) for cell in weight_cells(plan, context)] == [("exact", nu) for nu in (0, 2, 5)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny study by the command, with its wide agents made narrow."""
    folder = tmp_path_factory.mktemp("scaling")
    plan = folder / "plan.toml"
    plan.write_text(
        'title = "Tiny"\n[[studies]]\nkind = "scaling"\nagents = [5, 200, 3000]\nparticipants = 20\nd = 3\n'
        'nus = [0, 2]\nmodes = ["exact", "first_order_stochastic"]\nrounds = 2\ntau = 1\n'
    )
    out = folder / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.studies.scaling_cells.WIDE_DIMENSION", 50)
        done = CliRunner().invoke(app, ["--plan", str(plan), "--out", str(out), "--device", "cpu", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert "scaling: Every count equals that of T7 in 6 settings" in done.output
    return out


def test_the_page_shows_counts_as_verdicts(finished: Path) -> None:
    page = (finished / "index.html").read_text()
    assert "<h1>Every count equals that of T7" in page
    assert 'class="marked holds"' in page
    assert 'id="figure-scaling"' in page
    assert json.loads((finished / "manifest.json").read_text())["studies"]["scaling"].startswith("Every count")


def test_the_figure_is_redrawn_from_the_frames(finished: Path) -> None:
    before = (finished / "figures" / "scaling.svg").read_bytes()
    done = CliRunner().invoke(figures_app, ["--out", str(finished), "--format", "svg"])
    assert done.exit_code == 0, done.output
    assert (finished / "figures" / "scaling.svg").read_bytes() == before
    frames = read_frames(finished, "scaling")
    assert frames["counts"]["equal"].dtype == bool
    from reports.studies.drawings.scaling import scaling_figures

    assert image(scaling_figures(frames)[0], "png")


def test_a_wrong_count_ends_like_a_violated_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('title = "T"\n[[studies]]\nkind = "scaling"\nagents = [4]\nd = 2\nnus = [1]\nrounds = 1\ntau = 1\n')
    monkeypatch.setattr("reports.studies.scaling_cells.WIDE_DIMENSION", 50)
    monkeypatch.setattr("reports.studies.scaling.communication", lambda m, d: 2 * m * d + 2)
    done = CliRunner().invoke(app, ["--plan", str(plan), "--out", str(tmp_path / "out"), "--device", "cpu"])
    assert done.exit_code == 1, done.output
    assert "received counted" in done.output
    assert 'class="marked violated"' in (tmp_path / "out" / "index.html").read_text()
