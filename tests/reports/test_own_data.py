"""A user's samples and module: the study is sized to the file, its tables speak about them, rows stand beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import theory
from empirics import Samples, natural_partition
from reports import recheck
from reports.build import app
from reports.plans.own_data import fitted
from reports.plans.plan import load_plan
from reports.plans.studies import Level, PersonalisationPlan
from reports.records.sources import own_version
from reports.records.workers import OneByOne
from reports.studies.agents import population
from reports.studies.personalisation import run_personalisation
from reports.studies.study import Context
from reports.tasks.own_network import module_of, own_network, samples_in

MODULE = """
import torch
from torch import nn


def net():
    return nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))


def rough():
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))


def normed():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))


def narrow():
    return nn.Linear(5, 2)


def fewer():
    return nn.Linear(2, 1)


class Own(nn.Module):
    def __init__(self, bend=None):
        super().__init__()
        self.one, self.two, self.bend = nn.Linear(2, 3), nn.Linear(3, 2), bend or torch.tanh

    def forward(self, x):
        return self.two(self.bend(self.one(x)))


def own_rough():
    return Own(torch.relu)


answer = 42
"""
PLAN = """
title = "Tiny"
[[studies]]
kind = "personalisation"
levels = [{ name = "mild", concentration = 10.0 }]
seen = 3
new = 2
samples = 6
held_out = 4
rounds = 3
tau = 2
nus = [0, 1, 2]
approximate = [1]
steps = 2
compared = [1, 2]
shown = 2
betas = [0.5, 1.0]
pilot_rounds = 2
budget_nu = 1
seeds = 2
"""


def samples(counts: tuple[int, ...], seed: int = 0) -> Samples:
    """Agents of these sizes, two classes along the first axis, shifted agent by agent."""
    generator = np.random.default_rng(seed)
    agent = np.repeat(np.arange(len(counts)), counts)
    y = generator.integers(0, 2, len(agent))
    x = generator.normal(size=(len(agent), 2)) + np.stack([3.0 * y, 0.5 * agent], axis=1)
    return Samples(x, y, agent)


def study(**changes) -> PersonalisationPlan:
    (packaged,) = load_plan("personalisation").studies
    assert isinstance(packaged, PersonalisationPlan)
    return packaged.model_copy(update=changes)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "ownnets.py").write_text(MODULE)
    (tmp_path / "tiny.toml").write_text(PLAN)
    made = samples((12, 14, 10, 16, 11, 3))
    np.savez(tmp_path / "mine.npz", x=made.x, y=made.y, agent=made.agent)
    yield tmp_path
    sys.modules.pop("ownnets", None)


# --- sizes -----------------------------------------------------------------------------------------------------------


def test_a_study_takes_what_the_file_has() -> None:
    small = fitted(study(), samples((30, 40, 50, 35, 4)))
    assert (small.samples, small.held_out) == (17, 13)  # 30 of the fourth largest of five, 32 to 24
    assert (small.seen, small.new) == (3, 1)  # the fifth agent is left out, and a third of four is one
    assert [level.natural for level in small.levels] == [True]
    large = fitted(study(), samples((60,) * 40))
    assert (large.seen, large.new, large.samples, large.held_out) == (20, 10, 32, 24)


def test_a_file_without_agents_is_dealt_by_the_levels_of_the_plan() -> None:
    made = samples((300,))
    pooled = fitted(study(), Samples(made.x, made.y))
    assert [level.concentration for level in pooled.levels] == [10.0, 1.0, 0.1, 1.0]
    assert pooled.levels[-1].relabelled == 2  # as many labels as there are
    assert (pooled.seen + pooled.new) * (pooled.samples + pooled.held_out) <= 300
    assert pooled.seen == 20


def test_too_little_is_refused() -> None:
    for few in (samples((50,)), Samples(np.zeros((9, 1)), np.zeros(9, dtype=int))):
        with pytest.raises(ValueError, match="expected at least 2"):
            fitted(study(), few)


def test_natural_agents_keep_their_own_samples_and_differ_by_seed() -> None:
    source, level = samples((12, 14, 10, 16, 11)), Level(name="natural", natural=True)
    own = {name: {row.tobytes() for row in source.x[part]} for name, part in natural_partition(source.agent).items()}
    seen = set()
    for seed in range(6):
        made = population(level, seed, seen=2, new=1, samples=6, held_out=4, source=source)
        for x, held in zip(made.x, made.x_held, strict=True):
            rows = [row.tobytes() for row in np.concatenate([x, held])]
            assert len(set(rows)) == 10, "no sample twice"
            assert any(set(rows) <= mine for mine in own.values()), "all of one agent"
        seen.add(made.x.tobytes())
    assert len(seen) == 6


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_a_task_of_files_is_the_module_on_those_samples(here: Path) -> None:
    task = own_network("ownnets:net", "mine.npz", agents=2, samples=5, seed=3)
    x, y = task.arrays()["x"], task.arrays()["y"]
    made = samples((12, 14, 10, 16, 11, 3))
    for agent in range(2):
        mine = made.x[made.agent == agent]
        places = [int(np.flatnonzero((mine == row).all(axis=1))[0]) for row in x[agent]]
        assert len(set(places)) == 5
        np.testing.assert_array_equal(made.y[made.agent == agent][places], y[agent])
    module = module_of("ownnets:net", 3).double()
    expected = torch.nn.functional.cross_entropy(module(torch.as_tensor(x[1])), torch.as_tensor(y[1]))
    assert float(task.loss(task.start)[1]) == pytest.approx(expected.item(), rel=1e-12)
    assert not torch.equal(task.start, own_network("ownnets:net", "mine.npz", agents=2, samples=5, seed=4).start)


@pytest.mark.parametrize(("name", "smooth"), [("net", True), ("rough", False), ("Own", True), ("own_rough", False)])
def test_smoothness_is_read_off_layers_and_operations(here: Path, name: str, smooth: bool) -> None:
    assert own_network(f"ownnets:{name}", "mine.npz", agents=2, samples=5).smooth is smooth


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "mine.npz"], "expected both"),
        (["--data", "none.npz", "--model", "ownnets:net"], "no such file"),
        (["--data", "mine.npz", "--model", "ownnets:nets"], "has no nets"),
        (["--data", "mine.npz", "--model", "ownnets:answer"], "is a int: expected an nn.Module"),
        (["--data", "mine.npz", "--model", "ownnets:normed"], "BatchNorm1d"),
        (["--data", "mine.npz", "--model", "ownnets:narrow"], "module (root) is Linear(in_features=5"),
        (["--data", "mine.npz", "--model", "ownnets:fewer"], "expected labels 0 to 0"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_line(here: Path, options: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["--plan", "tiny.toml", *options, "--out", "out"])
    assert done.exit_code == 2
    assert message in done.output
    assert len(done.stderr.strip().splitlines()) == 1
    assert not Path("out").exists()


def test_data_needs_a_study(here: Path) -> None:
    done = CliRunner().invoke(app, ["--profile", "quick", "--data", "mine.npz", "--model", "ownnets:net"])
    assert done.exit_code == 2
    assert "--plan personalisation" in done.output


def test_a_dry_run_says_what_would_be_taken(here: Path) -> None:
    done = CliRunner().invoke(app, ["--plan", "tiny.toml", "--data", "mine.npz", "--model", "ownnets:net", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert (
        "66 samples, 2 labels, 6 agents; a seed takes 3 seen and 2 new agents with 6 samples each and 4" in done.output
    )
    assert '"factory":"network@1/4"' in done.output.replace(" ", "") or "own-network" in done.output


def test_the_study_speaks_about_the_users_samples(here: Path) -> None:
    (tiny,) = load_plan("tiny.toml").studies
    assert isinstance(tiny, PersonalisationPlan)
    made = samples_in("mine.npz")
    plan = fitted(tiny, made).model_copy(update={"data": "mine.npz", "model": "ownnets:net"})
    found = run_personalisation(plan, Context(0, 1, OneByOne(), "cpu", here / "records"))
    splits, means = found.frames["splits"].iloc[0], found.frames["means"]
    assert (splits["level"], splits["agents"], splits["samples"]) == ("natural", 5, 50)
    assert {(group, adapt) for group, adapt in zip(means["group"], means["adapt"], strict=True)} == {
        (group, adapt) for group in ("seen", "new") for adapt in range(3)
    }
    assert "The samples of mine.npz and the module ownnets:net" in " ".join(found.sections[0].paragraphs)
    captions = " ".join(table.caption for table in found.sections[0].tables)
    assert "before and after ν′ fine-tuning steps" in captions
    assert "What theory allows" in captions
    assert "personalisation_steps" in {figure.name for figure in found.figures}
    _check_allowed(found.frames)
    # a changed file or module is another record, and a moved one is read by the versions that are given
    kept = Context(0, 1, None, "cpu", here / "records", own_version(["mine.npz", "ownnets:net"]))
    np.savez("mine.npz", x=2 * made.x, y=made.y, agent=made.agent)
    for name, frame in run_personalisation(plan, kept).frames.items():
        pd.testing.assert_frame_equal(frame, found.frames[name])
    with pytest.raises(ValueError, match="not there"):
        run_personalisation(plan, Context(0, 1, None, "cpu", here / "records"))


@pytest.mark.slow  # a whole build, and all of it again
def test_one_command_gives_rows_and_the_study(here: Path) -> None:
    command = ["--plan", "tiny.toml", "--data", "mine.npz", "--model", "ownnets:net", "--jobs", "1"]
    done = CliRunner().invoke(app, [*command, "--out", "out"])
    assert done.exit_code == 0, done.output
    rows = json.loads(Path("out/verdicts.json").read_bytes())["rows"]
    mine = [row for row in rows if row["task"] == "own-network"]
    assert {"S4", "T2"} <= {row["bound"] for row in mine}
    assert any(row["verdict"] == "HOLDS" for row in mine), "certified on a ball"
    assert 'id="figure-personalisation_steps"' in Path("out/index.html").read_text()
    assert recheck.check(Path("out"), trust=["ownnets"], jobs=1).differences == []
    Path("mine.npz").rename("moved.npz")
    away = recheck.check(Path("out"), trust=["ownnets"], jobs=1)
    assert any("the plan" in line for line in away.trusted)


def _check_allowed(frames: dict[str, pd.DataFrame]) -> None:
    allowed = frames["allowed"]
    assert allowed["nu"].tolist() == [0, 1, 2]
    for line in allowed.to_dict("records"):
        inputs = {name: line[name] for name in ("alpha", "L", "rho", "B", "nu")}
        assert line["L_F"] == theory.quantity("L_F").value(**inputs)
        assert line["beta_allowed"] <= 1 / (2 * line["L_F"])  # h = 2 L_F beta tau <= 1 with tau = 2
        assert line["limit"] > 0
    assert (allowed["beta_allowed"].diff().dropna() < 0).all(), "more fine-tuning steps, smaller server steps"
