"""Samples of a user's own: every kind of file gives the same arrays, and what is wrong in one is named."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from empirics import (
    InputError,
    LogisticTask,
    MetaFedAvg,
    NetworkTask,
    QuadraticTask,
    Samples,
    natural_partition,
    read_samples,
    split_statistics,
)

X = np.array([[0.5, -1.0], [2.0, 0.25], [0.0, 3.0]])
Y = np.array([1, 0, 1])
AGENT = np.array(["b", "a", "b"])


def idx(kind: int, values: np.ndarray) -> bytes:
    head = bytes([0, 0, kind, values.ndim]) + b"".join(struct.pack(">I", length) for length in values.shape)
    return head + values.astype(np.uint8).tobytes()


def test_npz_and_csv_hold_the_same(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x=X, y=Y, agent=AGENT)
    rows = "".join(f"{a},{y},{x[0]!r},{x[1]!r}\n" for x, y, a in zip(X.tolist(), Y, AGENT, strict=True))
    (tmp_path / "mine.csv").write_text("agent,y,p,q\n" + rows)
    for name in ("mine.npz", "mine.csv"):
        found = read_samples(tmp_path / name)
        np.testing.assert_array_equal(found.x, X)
        np.testing.assert_array_equal(found.y, Y)
        assert found.agent.tolist() == AGENT.tolist()
        assert found.classified
        assert found.labels == (0, 1)


def test_idx_images_bring_their_labels_along(tmp_path: Path) -> None:
    pixels = np.arange(2 * 3 * 4).reshape(2, 3, 4) * 10
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(8, pixels)))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(8, np.array([7, 2]))))
    found = read_samples(tmp_path / "train-images-idx3-ubyte.gz")
    assert found.x.shape == (2, 1, 3, 4)
    np.testing.assert_allclose(found.x[:, 0], pixels / 255, rtol=1e-15)
    assert (found.y.tolist(), found.agent) == ([7, 2], None)


def test_texts_become_classes_and_reals_targets() -> None:
    assert Samples(X, ["no", "yes", "no"]).y.tolist() == [0, 1, 0]
    real = Samples(X, [0.5, 1.5, 2.0])
    assert not real.classified
    assert real.labels == ()
    assert not Samples(X, np.ones((3, 2))).classified


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "columns a, b: expected y"),
        ("y,a\n1,x\n", "line 2, column a: 'x' is no number"),
        ("y,a\n1,2\n3\n", "line 3 has 1 entries: expected 2"),
        ("y,a\n", "no samples"),
        ("y,a\n1,nan\n", "expected finite numbers"),
        ("", "head line"),
    ],
)
def test_what_is_wrong_in_a_csv_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "wrong.csv").write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        read_samples(tmp_path / "wrong.csv")
    assert str(raised.value).startswith(str(tmp_path / "wrong.csv"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "pickled.npz", x=np.array([{}], dtype=object), y=Y[:1])
    np.savez(tmp_path / "other.npz", x=X, y=Y, w=Y)
    np.savez(tmp_path / "short.npz", x=X, y=Y[:2])
    (tmp_path / "notes.txt").write_text("x")
    for name, message in {
        "pickled.npz": "cannot be read",
        "other.npz": "holds x, y, w: expected x, y",
        "short.npz": "y has 2 entries and x 3",
        "notes.txt": "ends in .npz or .csv",
        "absent.npz": "no such file",
    }.items():
        with pytest.raises(InputError, match=message):
            read_samples(tmp_path / name)


def test_a_natural_partition_is_that_of_the_names() -> None:
    generator = np.random.default_rng(0)
    agent = generator.integers(0, 7, 200)
    parts = natural_partition(agent, at_least=25)
    assert list(parts) == [name for name in range(7) if (agent == name).sum() >= 25]
    for name, part in parts.items():
        np.testing.assert_array_equal(part, np.flatnonzero(agent == name))
    with pytest.raises(InputError, match="the largest of 7 agents"):
        natural_partition(agent, at_least=200)


def test_the_distance_of_a_split_is_between_alike_and_apart() -> None:
    alike = split_statistics([np.array([0, 1])] * 3)
    apart = split_statistics([np.array([k, k]) for k in range(4)])
    assert alike["distance"] == 0.0
    assert apart["distance"] == pytest.approx(1 - 1 / 4)  # one label of four each
    assert (apart["labels_mean"], apart["agents"], apart["samples"]) == (1.0, 4, 8)


# --- what a trained model says ---------------------------------------------------------------------------------------


def test_personalised_models_are_gradient_steps_by_hand() -> None:
    run = MetaFedAvg(0.1, 1, beta=0.2, tau=2).run(QuadraticTask(A=[[[2.0]], [[1.0]]], c=[[1.0], [3.0]]), [5.0], 3)
    new = QuadraticTask(A=[[[0.5]], [[4.0]], [[1.0]]], c=[[0.0], [1.0], [2.0]])
    w = float(run.iterates[0, -1, 0])
    expected = []
    for curvature, centre in ((0.5, 0.0), (4.0, 1.0), (1.0, 2.0)):
        at = w
        for _ in range(3):
            at -= 0.05 * curvature * (at - centre)
        expected.append(at)
    found = run.personalise(new, nu=3, alpha=0.05)
    assert found.shape == (1, 3, 1)
    assert found.flatten().tolist() == pytest.approx(expected, rel=1e-12)
    assert run.personalise(new, nu=0, alpha=0.05).unique().tolist() == [w]


def test_personalising_other_models_is_refused() -> None:
    run = MetaFedAvg(0.0, 0, beta=0.5, tau=1).run(QuadraticTask(A=[[[1.0]]], c=[[0.0]]), [1.0], 1)
    with pytest.raises(InputError, match="task has d = 2: expected 1"):
        run.personalise(QuadraticTask(A=np.eye(2)[None], c=[[0.0, 0.0]]), 1, 0.1)
    with pytest.raises(InputError, match="predicts nothing"):
        QuadraticTask(A=[[[1.0]]], c=[[0.0]]).predict([0.0], [[[1.0]]])


@pytest.mark.parametrize("leading", [(), (2,)])
def test_predictions_are_those_of_the_module(leading: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(2, 3).double()
    x = torch.randn(4, 5, 2, dtype=torch.float64)
    task = NetworkTask(module, x, torch.zeros(4, 5, dtype=torch.int64), torch.nn.functional.cross_entropy)
    points = torch.randn(*leading, 4, task.d, dtype=torch.float64)
    found = task.predict(points, x)
    assert found.shape == (*leading, 4, 5)
    weight, bias = points[..., :6].unflatten(-1, (3, 2)), points[..., 6:]
    scores = torch.einsum("...nkp,nsp->...nsk", weight, x) + bias.unsqueeze(-2)
    assert torch.equal(found, scores.argmax(-1))


def test_logistic_predictions_are_signs() -> None:
    x = np.random.default_rng(0).normal(size=(2, 6, 3))
    task = LogisticTask(x, np.ones((2, 6)))
    w = torch.tensor([[[1.0, -2.0, 0.5, 0.25], [0.0, 1.0, 1.0, -1.0]]], dtype=torch.float64)
    expected = np.sign(np.einsum("np,nsp->ns", w[0, :, :3].numpy(), x) + w[0, :, 3:].numpy())
    np.testing.assert_array_equal(task.predict(w, x)[0].numpy(), expected)
    np.testing.assert_array_equal(task.predict(w[0], x).numpy(), expected)
    with pytest.raises(InputError, match="expected \\(2, samples, 4 or 3\\)"):
        task.predict(w, x[:1])
