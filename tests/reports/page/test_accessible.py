"""The page for those who hear it, and those who see little: names, scopes and contrasts."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from tests.reports.page.rendered import attributes, outline, page


def test_tables_have_captions_and_header_cells_have_scopes():
    assert page().count("<table") == page().count("<caption")
    assert all(found.get("scope") in ("col", "row", "colgroup") for found in attributes("th"))


def test_the_first_link_skips_to_the_report_and_regions_have_names():
    assert attributes("a")[0]["href"] == "#main"
    assert next(found for name, found in outline().elements if name == "html")["lang"] == "en"
    for _, found in outline().elements:
        if found.get("role") in ("region", "img"):
            assert found.get("aria-label") or found.get("aria-labelledby")


def _luminance(color: str) -> float:
    """Relative luminance of WCAG 2."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _themes() -> list[dict[str, str]]:
    style = (resources.files("reports.pages") / "templates" / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", style)
    return [dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{3,6})\b", block)) for block in blocks]


@pytest.mark.parametrize("name", ["ink", "soft", "link", "holds", "violated", "vacuous", "not", "inconclusive"])
def test_text_contrasts_by_at_least_four_and_a_half(name):
    themes = _themes()
    assert len(themes) >= 3
    for theme in themes:
        for ground in ("paper", "wash", "mark"):
            if ground in theme:
                assert _contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
