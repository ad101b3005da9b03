"""The two forms of every piece of the appendix: for a document of one column, and for one of two."""

from __future__ import annotations

from dataclasses import dataclass

from reports.pages.displays import FULL


@dataclass(frozen=True)
class Form:
    """How wide a piece may be, and so how it is laid out.

    folder: where its pieces stand. letters: the width of a display, in letters. spans: its tables float over the text
    of a document of two columns. setting: the width of a row's setting, in letters; it stands beside the numbers where
    tables span, else above them.
    """

    folder: str
    letters: float
    spans: bool
    setting: float


TEXT_FORM = Form("", FULL, spans=True, setting=32)  # 345 points: a plain article of one column
COLUMN_FORM = Form("column/", 35, spans=False, setting=48)  # 3.25 inches: a column of ICML, the narrowest
FORMS = (TEXT_FORM, COLUMN_FORM)
