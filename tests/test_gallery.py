"""Every example of the gallery runs and ends in what it promises: a picture or a table."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

GALLERY = sorted((Path(__file__).resolve().parent.parent / "examples" / "gallery").glob("*.py"))


def test_there_are_at_least_twelve() -> None:
    assert len(GALLERY) >= 12


_LONG = {"a_wrong_meta_gradient", "certified_network"}  # a search, and a first recording with torch's compiler


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] * (path.stem in _LONG), id=path.stem) for path in GALLERY],
)
def test_an_example_ends_in_its_picture_or_table(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", [str(path), str(picture)])
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    backend = mpl.get_backend()
    mpl.use("agg")
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        import matplotlib.pyplot as plt

        plt.close("all")
        mpl.use(backend)
    if "plt" in text:
        assert picture.stat().st_size > 5000
    else:
        assert len(capsys.readouterr().out.splitlines()) >= 3
