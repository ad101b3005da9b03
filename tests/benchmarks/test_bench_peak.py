"""The peak that a share refers to counts operations that were really done."""

from __future__ import annotations

import pytest

from benchmarks import peak
from empirics.backends.native.library import library


@pytest.mark.skipif(library() is None, reason="no compiled engine")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_lane_is_multiplied_and_added_in_every_turn(dtype: str) -> None:
    adds = getattr(library(), f"empirics_multiply_adds_{dtype}")
    numbers = getattr(library(), f"empirics_operations_a_turn_{dtype}")() // 2
    # s -> (3/4) s + 1/4 from s = 0..11, as many lanes wide as a vector: the distance to 1 shrinks by 3/4 a turn
    start = numbers / 12 * sum(range(12)) - numbers
    assert adds(0) == start + numbers
    assert adds(2) == pytest.approx(numbers + start * 0.75**2, rel=1e-6)
    assert adds(2000) == pytest.approx(numbers, rel=1e-6)


def test_the_peak_is_the_larger_of_the_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "matmul_flops", lambda *_, **__: 3.0)
    monkeypatch.setattr(peak, "register_flops", lambda *_, **__: 4.0)
    monkeypatch.setattr(peak, "library", lambda: object())
    assert peak.peak_flops("float64", "cpu", 1) == 4.0
    assert peak.peak_flops("float64", "cuda:0", 1) == 3.0
    monkeypatch.setattr(peak, "library", lambda: None)
    assert peak.peak_flops("float64", "cpu", 1) == 3.0
