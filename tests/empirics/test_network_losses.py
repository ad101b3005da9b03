"""A loss has to be the mean over the samples of any agent; what is not is refused with what it gave."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from empirics import InputError, NetworkTask
from tests.empirics.small_modules import LABELS, N, P, S, layer, made


def weights(*values):
    return torch.tensor(values, dtype=torch.float64)


ONE_CLASS_FIRST = torch.cat([torch.zeros(1, S, dtype=torch.int64), LABELS[1:]])
ALL_IGNORED_SECOND = torch.stack([torch.ones(S), torch.zeros(S), LABELS[2]]).long()
LOSSES = {
    "class weights": (LABELS, nn.CrossEntropyLoss(weight=weights(1, 9)), "agent 0's samples.*class weights"),
    "class weights, agent 0 of one class": (
        ONE_CLASS_FIRST, nn.CrossEntropyLoss(weight=weights(1, 9)),
        r"the loss CrossEntropyLoss: loss\(output, y\) = .* agent 1's samples.*class weights"),
    "class weights given to the function": (
        ONE_CLASS_FIRST, partial(functional.cross_entropy, weight=weights(1, 9)), "loss cross_entropy: .* agent 1's"),
    "only ignored samples": (ALL_IGNORED_SECOND, nn.CrossEntropyLoss(ignore_index=0),
                             r"loss\(output, y\) = nan on agent 1's samples.*ignore_index = 0 leaves"),
    "one ignored sample": (torch.where(torch.arange(N * S).reshape(N, S) == 13, 0, 1),
                           nn.CrossEntropyLoss(ignore_index=0), "on agent 1's samples.*nan.*ignore_index = 0"),
    "a sum": (LABELS, nn.CrossEntropyLoss(reduction="sum"), "reduction = 'sum' is no mean"),
    "a loop that treats one agent otherwise": (
        ONE_CLASS_FIRST,
        lambda output, y: functional.cross_entropy(output, y) * (2 if len(set(y.tolist())) > 1 else 1),
        "the loss <lambda>: .* on agent 1's samples"),
    "a label out of range": (torch.where(torch.arange(N * S).reshape(N, S) == 20, 5, 0),
                             lambda output, y: functional.cross_entropy(output, y), "fails on agent 2's output"),
    "a random factor": (LABELS, lambda output, y: functional.cross_entropy(output, y) * (1 + torch.rand(())),
                        "on the same output: expected a function"),
    "a parameter": (LABELS, partial(lambda p, output, y: functional.cross_entropy(p * output, y),
                                    nn.Parameter(weights(2))),
                    "trainable tensor of shape .* not among its parameters"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_is_no_mean_over_samples_of_any_agent_is_refused(name):
    y, loss, message = LOSSES[name]
    with pytest.raises(InputError, match=message) as caught:
        made(nn.Sequential(layer()), y=y, loss=loss)
    assert "\n" not in str(caught.value)


def test_losses_that_are_means_are_accepted():
    one_class = torch.tensor([[0], [1], [1]]).expand(N, S)

    def looped(output, y):
        return sum(functional.cross_entropy(output[k : k + 1], y[k : k + 1]) for k in range(len(y))) / len(y)

    for y, loss in (
        (LABELS, nn.CrossEntropyLoss(label_smoothing=0.1)),
        (LABELS + 1, nn.CrossEntropyLoss(ignore_index=0)),
        # every batch of an agent has one class, so its weight cancels
        (one_class, nn.CrossEntropyLoss(weight=weights(1, 9))),
        (LABELS, looped),
    ):
        assert made(nn.Sequential(nn.Linear(P, 3) if int(y.max()) > 1 else layer()), y=y, loss=loss).loss_name is None


def test_every_agent_is_asked_about_its_loss_where_they_are_many():
    n = 3000
    x, y = torch.ones(n, 2, 1), torch.zeros(n, 2, dtype=torch.int64)
    y[n - 2, 1] = 1
    for loss in (
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9.0])),
        # control flow on labels cannot be batched: agents with other sets of labels are asked
        lambda output, y: functional.cross_entropy(output, y) * (1 + len(set(y.tolist()))),
    ):
        with pytest.raises(InputError, match=f"agent {n - 2}'s samples"):
            NetworkTask(nn.Sequential(nn.Linear(1, 2)), x, y, loss, smooth=True)
