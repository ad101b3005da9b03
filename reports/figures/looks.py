"""How series are drawn everywhere: Okabe-Ito colours that stay apart in grey, with a dash and a marker of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INK = "#1a1a19"  # the page swaps this exact colour for its own text colour
FAINT = "#8a8a88"


@dataclass(frozen=True)
class Look:
    """How one kind of series is drawn everywhere: its colour, dash and marker also tell it apart in grey."""

    label: str
    color: str
    dash: str | tuple[int, tuple[float, ...]]
    marker: str
    filled: bool = True

    def keywords(self, **changed: Any) -> dict[str, Any]:
        """Keyword arguments of Axes.plot, some of them changed."""
        return {
            "color": self.color,
            "linestyle": self.dash,
            "marker": self.marker,
            "markerfacecolor": self.color if self.filled else "none",
            "markeredgecolor": self.color,
            "markeredgewidth": 0.8,
            "label": self.label,
            **changed,
        }

    def along(self, **changed: Any) -> dict[str, Any]:
        """The same for a line through many points: a marker now and then, so that it is told apart without colour."""
        return self.keywords(**{"markevery": 0.22, "markersize": 3.0} | changed)

    def points(self, **changed: Any) -> dict[str, Any]:
        """The same for markers that no line joins."""
        return self.keywords(linestyle="none", **changed)


MEASURED = Look("measured", INK, "-", "o")
PREDICTED = Look("predicted", "#0072B2", "-", "s", filled=False)
SECOND_ORDER = Look("predicted, second order", "#56B4E9", (0, (5, 1.5)), "v", filled=False)
PUBLISHED = Look("published", "#D55E00", (0, (4, 1.2, 1, 1.2)), "^", filled=False)
WITNESS = Look("witness", "#009E73", (0, (1.5, 1.2)), "D")
FLOATING = Look("measured in float64", "#E69F00", (0, (2.5, 1.2)), "x")
FLOOR = Look("floor of the bound", "#0072B2", (0, (1, 1.5)), "")
TRIVIAL = Look("trivial bound", FAINT, (0, (6, 2)), "")
