"""The report as one self-contained page: no request leaves it, and without scripts nothing is lost but comfort."""

from __future__ import annotations

from reports.pages.html.anchors import row_anchors, slug
from reports.pages.html.commands import evaluation_command, repeat_command
from reports.pages.html.numerals import number
from reports.pages.html.opening import headline
from reports.pages.html.page import render

__all__ = ["evaluation_command", "headline", "number", "render", "repeat_command", "row_anchors", "slug"]
