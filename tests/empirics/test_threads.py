"""Networks on several threads, as on any machine outside of these tests: nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from empirics import NetworkTask

# In a process of its own: threads that wait for one another would keep the process of the tests from ending.
_WIDE = """
import torch
from torch import nn
from torch.nn import functional
from empirics import NetworkTask
from empirics.tasks.loss_graph import loss_graph

torch.set_num_threads(2)
NetworkTask._agents_at_once = lambda self, samples: 1
torch.manual_seed(0)
x, y = torch.randn(4, 3, 2).double(), torch.randn(4, 3, 1).double()
net = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Linear(2, 1))
task = NetworkTask(net, x, y, functional.mse_loss, smooth=True)
graph = loss_graph(task)
points = task.start.expand(1, task.n, task.d)
print(task.raw_loss(points).shape, task.hvp(points, points).shape, torch.get_num_threads())
"""

_NESTED = """
import torch
from empirics.numerics.workers import in_recording_thread, spread

torch.set_num_threads(2)
found = torch.zeros(4)

def fill(place):
    found[place] = in_recording_thread(lambda: place + 1.0)

in_recording_thread(lambda: spread(fill, range(2)))
in_recording_thread(lambda: in_recording_thread(lambda: spread(fill, range(2, 4))))
print(found.tolist())
"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (_WIDE, "torch.Size([1, 4]) torch.Size([1, 4, 13]) 2"),
        (_NESTED, "[1.0, 2.0, 3.0, 4.0]"),
    ],
)
def test_what_is_recorded_may_itself_be_spread_over_threads(script: str, expected: str) -> None:
    # a minute is thirty times what either takes
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == expected


class Watched(nn.Module):
    """Another thread asks for the start of a task while its module is being evaluated."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.tasks, self.starts = nn.Linear(1, 1), [], []

    def __deepcopy__(self, memo):
        return self

    def forward(self, x):
        with ThreadPoolExecutor(1) as other:
            self.starts += [other.submit(getattr, task, "start").result() for task in self.tasks]
        return self.layer(x)


def test_the_start_is_the_same_while_another_thread_records() -> None:
    module = Watched().double()
    task = NetworkTask(module, [[[2.0]], [[1.0]]], [[[0.0]], [[3.0]]], nn.functional.mse_loss, smooth=True)
    start = task.start
    module.tasks.append(task)
    task.gradient(start + 1)
    assert module.starts
    assert all(torch.equal(found, start) for found in module.starts)
