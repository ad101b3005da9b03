"""The templates of the pages, and what a page that asks for nothing has inside it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# no brace of LaTeX opens anything
TEX = {
    "block_start_string": "<%", "block_end_string": "%>",
    "variable_start_string": "<<", "variable_end_string": ">>",
    "comment_start_string": "<#", "comment_end_string": "#>",
}  # fmt: skip


def environment(**options: Any) -> Environment:
    """The templates of the folder, in which a name that is not given is an error; options: as jinja2 takes them."""
    loader = PackageLoader("reports.pages", "templates")
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options)


def source(name: str) -> Markup:
    """A file of the folder as it stands, to be embedded in a page."""
    found = environment()
    assert found.loader is not None
    return Markup(found.loader.get_source(found, name)[0])


def script_hash(script: str) -> str:
    """What a content security policy calls a script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
