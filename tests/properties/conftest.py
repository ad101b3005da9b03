"""One thread, and the hypothesis profile: ci unless PROPERTIES_PROFILE names another one."""

from __future__ import annotations

import os

import torch
from hypothesis import settings

from empirics.testing.budget import register_profiles

torch.set_num_threads(1)
register_profiles()
settings.load_profile(os.environ.get("PROPERTIES_PROFILE", "ci"))
