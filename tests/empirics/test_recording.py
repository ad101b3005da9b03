"""A recorded graph says what is computed, whatever lies in memory while it is recorded or run."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from empirics.graphs.real_functions import recorded_function


def test_memory_that_is_not_written_yet_is_recorded_as_zeros() -> None:
    # around a circle torch pads by writing into a tensor that it has not filled
    around = nn.Conv1d(1, 1, 3, padding="same", padding_mode="circular", dtype=torch.float64)

    def loss(x: Tensor) -> Tensor:
        return around(x.reshape(1, 1, -1)).square().sum()

    graph = recorded_function(loss, (torch.zeros(6, dtype=torch.float64),))
    assert not [node for node in graph.graph.nodes if "empty" in str(node.target)]
    x = torch.arange(6, dtype=torch.float64)
    assert torch.equal(graph(x)[0], loss(x))
