"""One thread a worker: the suite runs in two processes, and tiny tensors gain nothing from more."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
