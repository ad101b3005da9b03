"""The rows and runs of a report as plots to explore, with the numbers in tables; needs the extra interactive."""

from __future__ import annotations

from reports.pages.interactive.page import available, interactive_page

__all__ = ["available", "interactive_page"]
