"""Progress of a long call: seen on a terminal, silent in a pipe, and of no influence on what is found."""

from __future__ import annotations

import pytest

from empirics import CosineTask
from empirics.estimation import Ball, estimate


def found(progress: bool) -> dict[str, float]:
    task = CosineTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]])
    return {name: one.value for name, one in estimate(task, Ball([0.0], 1.0), progress=progress).items()}


def test_each_constant_is_named_on_a_terminal_alone(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = found(progress=False)
    assert found(progress=True) == quiet
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what makes rich take a pipe for a terminal
    assert found(progress=True) == quiet
    out, said = capfd.readouterr()
    assert out == ""
    assert "estimating" in said
