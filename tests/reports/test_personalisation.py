"""The personalisation study: its statistics, its arithmetic, and that its sentences follow from the numbers."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from scipy import stats
from typer.testing import CliRunner

import empirics
from reports import recheck
from reports.build import app
from reports.figures import image
from reports.figures.__main__ import app as figures_app
from reports.plans.plan import load_plan
from reports.plans.studies import Level, PersonalisationPlan
from reports.records.workers import OneByOne
from reports.store import app as store_command
from reports.studies.adaptation import adapted, curvature, gradient_spread, objective
from reports.studies.agents import CLASSES, network, population
from reports.studies.arms import Arm, arms, checkpoints, rounds_of
from reports.studies.comparisons import QUESTIONS, comparisons_frame
from reports.studies.conclusion import conclusion, headline
from reports.studies.drawings.personalisation import personalisation_figures
from reports.studies.frames import RESULT_COLUMNS, means_frame
from reports.studies.paired import holm_adjusted, mean_interval, paired
from reports.studies.personalisation import run_personalisation
from reports.studies.study import Context, read_frames
from reports.studies.training import Scene, Training
from tests.reports.forging import record_path, record_paths

SKEWED = Level(name="skewed", concentration=0.3)
TINY = {
    "kind": "personalisation",
    "levels": [{"name": "mild", "concentration": 10.0}, {"name": "moved", "labels": 3, "relabelled": 10}],
    "seen": 4, "new": 2, "samples": 8, "held_out": 6, "hidden": [5], "rounds": 4, "tau": 2, "nus": [0, 1, 2],
    "approximate": [1], "steps": 3, "compared": [1, 2], "shown": 2, "betas": [0.5, 1.0], "pilot_rounds": 2,
    "budget_nu": 1, "seeds": 2,
}  # fmt: skip


def tiny(**changes) -> PersonalisationPlan:
    return PersonalisationPlan(**(TINY | changes))


# --- statistics ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_paired_differences_are_the_t_test_of_scipy(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(2, 4 + seed)) + np.array([[0.3], [0.0]])
    found, theirs = paired(x, y), stats.ttest_rel(x, y)
    limits = theirs.confidence_interval(0.95)
    # two evaluations of Student's law, each accurate to about 1e-13
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-10)
    assert (found.difference.low, found.difference.high) == pytest.approx((limits.low, limits.high), rel=1e-10)
    assert mean_interval(x).mean == pytest.approx(x.mean(), rel=1e-14)


def test_swapping_the_sides_swaps_the_sign_and_nothing_else() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 6))
    one, other = paired(x, y), paired(y, x)
    assert (one.p, one.difference.low) == pytest.approx((other.p, -other.difference.high), rel=1e-12)


def test_a_resolution_keeps_a_lattice_from_being_evidence() -> None:
    x, y = np.array([0.5, 0.6, 0.7]), np.array([0.4, 0.5, 0.6])
    assert paired(x, y).p < 1e-10  # equal differences: no spread at all
    assert paired(x, y, resolution=0.1).p == pytest.approx(2 * stats.t.sf(np.sqrt(3), 2), rel=1e-10)
    wide = np.array([1.0, 2.0, 4.0])
    assert paired(wide, 0 * wide, resolution=0.1) == paired(wide, 0 * wide), "a larger spread is used as it is"


def test_one_seed_gives_a_mean_and_nothing_more() -> None:
    found = paired([0.5], [0.25])
    assert found.difference.mean == 0.25
    assert math.isnan(found.p)
    assert math.isnan(found.difference.low)


@pytest.mark.parametrize(("x", "y"), [([1.0, 2.0], [1.0]), ([math.nan], [1.0]), ([], [])])
def test_values_that_cannot_be_compared_are_refused(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match=r"values|paired"):
        paired(x, y)


@pytest.mark.parametrize("seed", range(4))
def test_adjusted_p_values_reject_what_the_step_down_rule_rejects(seed: int) -> None:
    p = list(np.random.default_rng(seed).uniform(size=6) ** 3)
    adjusted = holm_adjusted(p)
    for level in (0.01, 0.05, 0.2, 0.5):
        rejected = set()
        for rank, index in enumerate(sorted(range(6), key=lambda i: p[i])):
            if p[index] > level / (6 - rank):
                break
            rejected.add(index)
        assert {i for i in range(6) if adjusted[i] <= level} == rejected


def test_an_impossible_test_still_counts_in_its_family() -> None:
    assert holm_adjusted([0.01, math.nan]) == pytest.approx([0.02, math.nan], nan_ok=True)


# --- agents --------------------------------------------------------------------------------------------------------


def test_no_sample_is_at_two_agents_and_all_have_equally_many() -> None:
    made = population(SKEWED, 3, seen=20, new=10, samples=32, held_out=24)
    assert made.x.shape == (30, 32, 64)
    assert made.y_held.shape == (30, 24)
    images = np.concatenate([made.x, made.x_held], axis=1).reshape(-1, 64)
    every = np.unique(_digit_images(), axis=0, return_counts=True)
    copies = dict(zip((row.tobytes() for row in every[0]), every[1], strict=True))
    held, counts = np.unique(images, axis=0, return_counts=True)
    assert all(count <= copies[row.tobytes()] for row, count in zip(held, counts, strict=True))


def _digit_images() -> np.ndarray:
    from sklearn.datasets import load_digits

    return (load_digits().data / 16).astype(np.float32)


def test_heterogeneity_grows_from_level_to_level() -> None:
    def labels_per_agent(concentration: float) -> float:
        level = Level(name="x", concentration=concentration)
        made = [population(level, seed, seen=10, new=5, samples=16, held_out=8) for seed in range(3)]
        return float(np.mean([len(np.unique(labels)) for one in made for labels in one.y]))

    few, some, many = (labels_per_agent(concentration) for concentration in (0.1, 1.0, 10.0))
    assert few < some < many
    two = population(Level(name="x", labels=2), 0, seen=5, new=2, samples=8, held_out=4)
    assert {len(np.unique(np.append(y, held))) for y, held in zip(two.y, two.y_held, strict=True)} <= {1, 2}


def test_relabelling_permutes_an_agents_labels_and_leaves_its_images() -> None:
    plain = Level(name="x", concentration=1.0)
    before = population(plain, 5, seen=1, new=0, samples=40, held_out=10)
    after = population(plain.model_copy(update={"relabelled": 10}), 5, seen=1, new=0, samples=40, held_out=10)
    np.testing.assert_array_equal(before.x, after.x)
    pairs = set(zip(before.y.ravel(), after.y.ravel(), strict=True)) | set(
        zip(before.y_held.ravel(), after.y_held.ravel(), strict=True)
    )
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs}), "one label to one label"
    assert any(old != new for old, new in pairs)


def test_a_seed_is_a_split_and_a_start() -> None:
    assert torch.equal(network([3, 4, 2], 1)[0].weight, network([3, 4, 2], 1)[0].weight)
    assert not torch.equal(network([3, 4, 2], 1)[0].weight, network([3, 4, 2], 2)[0].weight)
    one, other = (population(SKEWED, seed, seen=2, new=1, samples=8, held_out=4) for seed in (1, 2))
    assert not np.array_equal(one.x, other.x)


def test_too_many_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 1797"):
        population(SKEWED, 0, seen=30, new=10, samples=40, held_out=10)


# --- testing a model -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tasks():
    made = population(SKEWED, 0, seen=2, new=1, samples=6, held_out=5)
    return made, made.tasks(network([64, 4, CLASSES], 7), "cpu")


def test_accuracy_and_loss_after_steps_are_those_of_plain_autograd(tasks) -> None:
    made, (_, own, held) = tasks
    accuracy, loss = adapted(own, held, own.start.unsqueeze(0), 0.3, 2)
    for agent in range(3):
        module = network([64, 4, CLASSES], 7).double()
        x, y = torch.as_tensor(made.x[agent]).double(), torch.as_tensor(made.y[agent])
        x_held, y_held = torch.as_tensor(made.x_held[agent]).double(), torch.as_tensor(made.y_held[agent])
        for step in range(3):
            scores = module(x_held).detach()
            # the study runs in float32: 24 bits, over three short sums
            expected = float(torch.nn.functional.cross_entropy(scores, y_held))
            assert loss[0, step, agent] == pytest.approx(expected, rel=1e-4)
            assert accuracy[0, step, agent] == pytest.approx(float((scores.argmax(-1) == y_held).double().mean()))
            gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(module(x), y), list(module.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(module.parameters(), gradients, strict=True):
                    parameter -= 0.3 * gradient


@pytest.mark.parametrize("nu", [0, 1, 3])
def test_the_objective_is_the_meta_loss(tasks, nu: int) -> None:
    _, (seen, _, _) = tasks
    expected = empirics.meta_loss(seen, seen.start, 0.2, nu).mean()
    # two float32 evaluations of one function
    assert objective(seen, seen.start.unsqueeze(0), 0.2, nu)[0] == pytest.approx(float(expected), rel=1e-5)


def test_curvature_is_the_largest_eigenvalue_from_below() -> None:
    made = population(SKEWED, 0, seen=2, new=0, samples=5, held_out=1)
    seen, _, _ = made.tasks(network([64, 2, CLASSES], 3), "cpu")
    wide = seen.to(dtype=torch.float64)
    w = wide.start.unsqueeze(0)
    exact = torch.linalg.eigvalsh(wide.hessian(w.expand(2, -1))).abs().amax(-1).numpy()
    found = curvature(wide, w, 0)[0]
    assert (found <= exact * (1 + 1e-10)).all()  # float64 rounding of the Rayleigh quotient's numerator
    assert (found >= 0.9 * exact).all()


def test_gradient_spread_is_the_spread(tasks) -> None:
    _, (seen, _, _) = tasks
    gradients = seen.gradient(seen.start).double().numpy()
    expected = np.sqrt(((gradients - gradients.mean(0)) ** 2).sum(1).mean())
    assert gradient_spread(seen, seen.start.unsqueeze(0))[0] == pytest.approx(expected, rel=1e-6)


# --- budgets -------------------------------------------------------------------------------------------------------


def test_equal_compute_spends_the_budget_and_not_more() -> None:
    plan = load_plan("personalisation").studies[0]
    assert isinstance(plan, PersonalisationPlan)
    budget = plan.rounds * (plan.budget_nu + 1 + plan.product_price * plan.budget_nu)
    for arm in arms(plan):
        gradients = {"exact": arm.nu + 1, "first_order": arm.nu + 1, "hessian_free": 3 * arm.nu + 1}[arm.mode]
        price = gradients + plan.product_price * (arm.nu if arm.mode == "exact" else 0)
        ends = rounds_of(arm, plan)
        assert ends["communication"] == plan.rounds
        assert ends["compute"] * price <= budget < (ends["compute"] + 1) * price
        assert set(ends.values()) <= set(checkpoints(arm, plan))


def test_the_packaged_study_is_as_large_as_it_promises() -> None:
    (plan,) = load_plan("personalisation").studies
    assert isinstance(plan, PersonalisationPlan)
    assert (plan.seen >= 20, plan.new >= 10, len(plan.levels) >= 3, plan.seeds >= 10) == (True,) * 4
    assert (plan.rounds, plan.tau, plan.steps, plan.nus) == (100, 5, 10, [0, 1, 2, 3, 5, 10])
    assert {1, 5} <= set(plan.approximate)


@pytest.mark.parametrize(
    "change",
    [{"nus": [0, 2]}, {"approximate": [3]}, {"compared": [9]}, {"levels": [{"name": "x"}]}, {"seen": 0}, {"news": 1}],
)
def test_a_study_that_makes_no_sense_is_refused(change: dict) -> None:
    with pytest.raises(ValidationError):
        tiny(**change)


# --- sentences follow from the numbers -----------------------------------------------------------------------------


def synthetic(gains: dict[tuple[str, int], float], seeds: int = 10) -> pd.DataFrame:
    """Results in which an arm (mode, nu) is better than all others by its gain, on both groups, up to small noise."""
    generator = np.random.default_rng(0)
    lines = []
    for level, budget, group, adapt in product(("calm", "wild"), ("communication", "compute"), ("seen", "new"), (1, 5)):
        shared = 0.7 + 0.02 * generator.normal(size=seeds)
        for mode, nu in [("exact", 0), ("exact", 1), ("exact", 3), ("exact", 5), ("first_order", 5)]:
            gain = gains.get((mode, nu), 0.0) * (level == "wild")
            for seed in range(seeds):
                accuracy = shared[seed] + gain + 0.002 * generator.normal()
                values = (level, mode, nu, seed, budget, 100, group, adapt, accuracy, 1 - accuracy)
                lines.append(dict(zip(RESULT_COLUMNS, values, strict=True)))
    return pd.DataFrame(lines)


def spoken(gains: dict[tuple[str, int], float], seeds: int = 10, question: int = 0) -> str:
    frame = comparisons_frame(synthetic(gains, seeds), [1, 5])
    return conclusion(frame, QUESTIONS[question], "communication")


def test_the_sentence_says_that_the_claim_holds_where_it_does() -> None:
    text = spoken({("exact", 3): 0.04, ("exact", 5): 0.05})
    assert text.startswith("After equally many rounds, the claim holds here")
    assert "in 8 of 16 comparisons, less accurate in 0, and 8 show no difference" in text
    assert "It wins on wild (seen agents and new agents; ν = 3, 5, tested after ν′ = 1, 5 steps)" in text
    assert "on calm" not in text
    assert "+5." in text or "+4.9" in text


def test_the_sentence_says_that_the_claim_fails_where_it_does() -> None:
    text = spoken({("exact", 3): -0.04, ("exact", 5): -0.05})
    assert "the claim fails here" in text
    assert "in 0 of 16 comparisons, less accurate in 8" in text
    assert "It loses on wild" in text
    assert "It wins" not in text
    assert "−" in text


def test_the_sentence_says_when_a_claim_holds_in_part_or_is_not_supported() -> None:
    assert "the claim holds in part" in spoken({("exact", 3): 0.04, ("exact", 5): -0.04})
    idle = spoken({})
    assert "the claim is not supported here" in idle
    assert "The largest difference seen is" in idle


def test_fedavg_and_approximations_are_questions_of_their_own() -> None:
    assert "the claim holds here" in spoken({("exact", 1): 0.03, ("exact", 3): 0.03, ("exact", 5): 0.03}, question=1)
    better = spoken({("first_order", 5): -0.03}, question=2)
    assert "keeping the Hessians is more accurate than the first-order approximation" in better
    assert "the claim holds here" in better
    assert "the claim fails here" in spoken({("first_order", 5): 0.03}, question=2)
    assert "nothing was compared" in spoken({}, question=3)


def test_one_seed_concludes_nothing() -> None:
    assert "nothing is concluded" in spoken({("exact", 3): 0.5}, seeds=1)
    frame = comparisons_frame(synthetic({}, 1), [1])
    assert headline(frame, QUESTIONS[0]) == "Too few seeds to compare fine-tuning steps"


def test_the_headline_counts() -> None:
    frame = comparisons_frame(synthetic({("exact", 3): 0.04, ("exact", 5): -0.05}), [1, 5])
    assert headline(frame, QUESTIONS[0]).endswith("in 4 of 16 comparisons and lose in 4 of them")


def test_comparisons_are_the_paired_tests_of_their_lines() -> None:
    results = synthetic({("exact", 3): 0.01})
    frame = comparisons_frame(results, [1, 5])
    line = frame[(frame["question"] == "per_fedavg") & (frame["level"] == "wild") & (frame["nu"] == 3)].iloc[0]
    mine = results[
        (results["level"] == "wild") & (results["budget"] == line["budget"]) & (results["group"] == line["group"])
        & (results["adapt"] == line["adapt"])
    ]  # fmt: skip
    by_arm = [mine[(mine["mode"] == "exact") & (mine["nu"] == nu)].sort_values("seed")["accuracy"] for nu in (3, 1)]
    assert line["p"] == pytest.approx(stats.ttest_rel(*by_arm).pvalue, rel=1e-9)
    for _, family in frame.groupby(["question", "budget"]):
        assert family["adjusted"].tolist() == pytest.approx(holm_adjusted(family["p"].tolist()))


def test_means_carry_student_intervals() -> None:
    results = synthetic({})
    line = means_frame(results).iloc[0]
    keys = ["level", "mode", "nu", "budget", "group", "adapt"]
    mine = results[(results[keys] == line[keys]).all(axis=1)]["accuracy"].to_numpy()
    low, high = stats.t.interval(0.95, 9, mine.mean(), stats.sem(mine))
    assert (line["accuracy_low"], line["accuracy_high"]) == pytest.approx((low, high), rel=1e-9)


# --- the whole study, tiny -----------------------------------------------------------------------------------------


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


def test_arms_name_the_algorithms() -> None:
    assert [arm.name for arm in arms(tiny())] == ["FedAvg", "ν = 1", "ν = 2", "FO, ν = 1", "HF, ν = 1"]
    assert Arm("hessian_free", 2).gradients == 7


def test_the_full_profile_holds_the_same_study() -> None:
    assert load_plan("full").studies == load_plan("personalisation").studies


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
