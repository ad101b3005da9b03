"""One thread a worker, and the profile of hypothesis: ci, unless PROPERTIES_PROFILE names another one.

The suite runs in two processes; tiny tensors gain nothing from more threads. The examples of ci are always the same.
"""

from __future__ import annotations

import os

import torch
from hypothesis import settings

from empirics.testing.budget import register_profiles

torch.set_num_threads(1)
register_profiles()
settings.load_profile(os.environ.get("PROPERTIES_PROFILE", "ci"))
