"""The handwritten digits: real samples, a complete and skewed split, modest constants."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from empirics import DigitsTask, MetaFedAvg
from empirics.tasks.datasets.digits import MINIMUM_SAMPLES


@pytest.fixture(scope="module")
def digits():
    return DigitsTask()


def test_the_split_uses_every_sample_once(digits):
    data: object = load_digits()
    arrays = digits.arrays()
    rows = []
    for agent, count in enumerate(arrays["counts"].astype(int)):
        rows.append(arrays["a"][agent][:count])
        assert not arrays["a"][agent][count:].any()
    signed = np.concatenate(rows)
    labels = np.sign(signed[:, -1])
    pixels = signed[:, :-1] * labels[:, None]
    scale = np.linalg.norm(data.data, axis=1).max() * np.sqrt(2)
    # Rows put in lexicographic order after undoing the scaling: integers again up to rounding.
    mine = np.column_stack([np.round(pixels * scale), labels])
    theirs = np.column_stack([data.data, np.where(data.target >= 5, 1.0, -1.0)])
    assert sorted(map(tuple, mine)) == sorted(map(tuple, theirs))


def test_published_partition_sizes_come_out():
    sizes = [118, 164, 484, 33, 196, 116, 385, 31, 233, 37]
    assert DigitsTask(10, skew=0.1, seed=0).counts.tolist() == sizes


def test_small_skew_separates_labels_more_than_large_skew():
    def imbalance(skew):
        subject = DigitsTask(10, skew=skew, seed=1)
        arrays = subject.arrays()
        shares = []
        for agent, count in enumerate(arrays["counts"].astype(int)):
            shares.append((arrays["a"][agent][:count, -1] > 0).mean())
        return np.std(shares)

    assert imbalance(0.1) > 2 * imbalance(10.0)


def test_every_agent_keeps_the_stated_minimum():
    for seed in range(5):
        assert int(DigitsTask(10, skew=0.2, seed=seed).counts.min()) >= MINIMUM_SAMPLES


def test_norms_and_constants_are_modest(digits):
    norms = np.linalg.norm(digits.arrays()["a"], axis=-1)
    assert norms.max() == pytest.approx(1.0, rel=1e-14)
    constants = digits.constants()
    assert constants["B"].value <= 1 + 1e-12
    assert constants["L"].value <= 0.25 + 1e-12
    assert constants["rho"].value <= 1 / (6 * np.sqrt(3)) + 1e-12
    assert constants["gamma_G"].value > 0
    assert constants["gamma_H"].value > 0


def test_the_question_can_be_chosen():
    subject = DigitsTask(3, labels=[3, 8], positive=[8], skew=5.0)
    target = load_digits().target
    assert int(subject.counts.sum()) == int(((target == 3) | (target == 8)).sum())
    assert int((subject.arrays()["a"][..., -1] > 0).sum()) == int((target == 8).sum())


def test_seeds_give_different_splits():
    assert DigitsTask(seed=1).counts.tolist() != DigitsTask(seed=2).counts.tolist()


def test_meta_training_lowers_the_loss_on_real_data(digits):
    settings = MetaFedAvg(4.0, 2, 4.0, 3, participants=5, mode="stochastic", D=16, D_prime=16, D_H=16)
    run = settings.run(digits, np.zeros(65), 15, replicas=2)
    before, after = (digits.loss(run.iterates[0, k]).mean() for k in (0, -1))
    assert float(after) < 0.9 * float(before)
