"""The sentences and frames of a study follow from its numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reports.studies.comparisons import QUESTIONS, comparisons_frame
from reports.studies.conclusion import conclusion, headline
from reports.studies.frames import RESULT_COLUMNS, means_frame
from reports.studies.paired import holm_adjusted


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
