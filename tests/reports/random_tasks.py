"""Random tasks of every family with every option, and small modules of every kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import empirics
from empirics import CosineTask, LogCoshTask, LogisticTask, NetworkTask, Noise, QuadraticTask, SplineTask, Task

Make = Callable[[np.random.Generator], Task]


def noise(rng: np.random.Generator, n: int, d: int) -> Noise | None:
    return Noise.coordinate(n, d, gradient=0.5, amplitude=0.25, frequency=2.0) if rng.integers(2) else None


def quadratic(rng: np.random.Generator) -> Task:
    n, d = rng.integers(1, 4), rng.integers(1, 5)
    half = rng.normal(size=(n, d, d))
    e = rng.normal(size=n) if rng.integers(2) else None
    return QuadraticTask(half + half.swapaxes(1, 2), rng.normal(size=(n, d)), e, noise=noise(rng, n, d))


def ridge(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    n, d, count = rng.integers(1, 4), rng.integers(1, 5), rng.integers(1, 4)
    own = (n,) if rng.integers(2) else ()
    return rng.normal(size=(*own, count, d)), rng.normal(size=(n, count)), rng.normal(size=(n, count))


def cosine(rng: np.random.Generator) -> Task:
    a, s, phi = ridge(rng)
    n, d = len(s), a.shape[-1]
    linear = rng.normal(size=(n, d)) if rng.integers(2) else None
    return CosineTask(a, s, phi, linear=linear, noise=noise(rng, n, d))


def log_cosh(rng: np.random.Generator) -> Task:
    a, s, phi = ridge(rng)
    return LogCoshTask(a, np.abs(s), phi, noise=noise(rng, len(s), a.shape[-1]))


def logistic(rng: np.random.Generator) -> Task:
    n, samples, p = rng.integers(1, 4), rng.integers(1, 7), rng.integers(1, 4)
    counts = rng.integers(1, samples + 1, size=n) if rng.integers(2) else None
    x, y = rng.normal(size=(n, samples, p)), rng.choice([-1.0, 1.0], size=(n, samples))
    return LogisticTask(x, y, intercept=bool(rng.integers(2)), counts=counts)


def spline(rng: np.random.Generator) -> Task:
    n, count = rng.integers(1, 4), rng.integers(2, 6)
    knots = np.cumsum(rng.uniform(0.25, 1.0, size=count)) - 1
    at = float(rng.normal()) if rng.integers(2) else None
    heights, slope, value = rng.normal(size=(n, count)), rng.normal(size=n), rng.normal(size=n)
    return SplineTask(knots, heights, slope, value, at=at, noise=noise(rng, n, 1))


def digits(rng: np.random.Generator) -> Task:
    return empirics.DigitsTask(3, seed=int(rng.integers(10)))


FAMILIES: dict[str, Make] = {
    "quadratic": quadratic, "cosine": cosine, "logcosh": log_cosh, "logistic": logistic, "spline": spline,
}  # fmt: skip


class Block(nn.Module):
    """Embedding, places, layer norm, attention, and a mean over places."""

    def __init__(self, causal: bool = False) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(5, 4), nn.Parameter(torch.randn(3, 4) / 3)
        self.before, self.after, self.head = nn.LayerNorm(4), nn.LayerNorm(4), nn.Linear(4, 3)
        self.query, self.key, self.value = (nn.Linear(4, 4, bias=False) for _ in range(3))
        self.causal = causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.tokens(x) + self.places
        z = self.before(h)
        h = h + functional.scaled_dot_product_attention(
            self.query(z), self.key(z), self.value(z), is_causal=self.causal
        )
        return self.head(self.after(h).mean(1))


class Last(nn.Module):
    """The last output of a recurrent layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(x)[0][:, -1])


def dense(activation: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), activation, nn.Linear(3, 3))


ROWS, IMAGES, WORDS, SERIES = "rows", "images", "words", "series"
LABELS, NUMBERS, SHARES = "labels", "numbers", "shares"
CROSS: Any = functional.cross_entropy
WEIGHTS = torch.tensor([0.25, 0.5, 1.5], dtype=torch.float64)
MODULES: dict[str, tuple[Callable[[], nn.Module], str, str, Any]] = {
    **{
        kind.__name__: (lambda kind=kind: dense(kind()), ROWS, LABELS, CROSS)
        for kind in (nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.Softplus, nn.ELU, nn.Mish, nn.LogSigmoid, nn.ReLU)
    },
    "fast gelu": (lambda: dense(nn.GELU(approximate="tanh")), ROWS, LABELS, CROSS),
    "hard tanh": (lambda: dense(nn.Hardtanh()), ROWS, LABELS, CROSS),
    "mse": (lambda: dense(nn.Tanh()), ROWS, NUMBERS, functional.mse_loss),
    "smoothed labels": (lambda: dense(nn.Tanh()), ROWS, LABELS, nn.CrossEntropyLoss(label_smoothing=0.1)),
    "weighted": (
        lambda: dense(nn.Tanh()), ROWS, LABELS,
        lambda output, y: functional.cross_entropy(output, y, weight=WEIGHTS, reduction="none").mean(),
    ),
    "ignored": (
        lambda: dense(nn.Tanh()), ROWS, LABELS,
        lambda output, y: functional.cross_entropy(output, y, ignore_index=1, reduction="sum") / len(y),
    ),
    "shares": (lambda: dense(nn.Tanh()), ROWS, SHARES, CROSS),
    "logsumexp": (
        lambda: dense(nn.Tanh()), ROWS, LABELS,
        lambda output, y: (torch.logsumexp(output, 1) - output.gather(1, y[:, None])[:, 0]).mean(),
    ),
    "huber": (lambda: dense(nn.Tanh()), ROWS, NUMBERS, functional.huber_loss),
    "convolution": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, stride=2), nn.GroupNorm(2, 4), nn.GELU(),
            nn.Conv2d(4, 2, 2, groups=2, dilation=2), nn.Flatten(), nn.Linear(2, 3),
        ), IMAGES, LABELS, CROSS,
    ),
    "transposed": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(1, 2, 3, stride=2, padding=1, output_padding=1), nn.Tanh(), nn.AvgPool2d(5),
            nn.Flatten(), nn.Linear(8, 3),
        ), IMAGES, LABELS, CROSS,
    ),
    "largest": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)),
        IMAGES, LABELS, CROSS,
    ),
    "attention": (Block, WORDS, LABELS, CROSS),
    "causal attention": (lambda: Block(causal=True), WORDS, LABELS, CROSS),
    "lstm": (lambda: Last(nn.LSTM(2, 3, batch_first=True)), SERIES, LABELS, CROSS),
}  # fmt: skip


def network(name: str) -> NetworkTask:
    torch.manual_seed(3)
    rng = np.random.default_rng(5)
    make, inputs, targets, loss = MODULES[name]
    x = {
        ROWS: rng.normal(size=(2, 4, 2)), IMAGES: rng.normal(size=(2, 4, 1, 5, 5)),
        WORDS: rng.integers(0, 5, (2, 4, 3)), SERIES: rng.normal(size=(2, 4, 3, 2)),
    }[inputs]  # fmt: skip
    y = {
        LABELS: rng.integers(0, 3, (2, 4)), NUMBERS: rng.normal(size=(2, 4, 3)),
        SHARES: rng.dirichlet(np.ones(3), (2, 4)),
    }[targets]  # fmt: skip
    return NetworkTask(make().double(), x, y, loss, smooth=False)
