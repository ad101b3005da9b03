"""What tests look for on a page: its rows, its parts without a name, its structure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reports.pages.html import slug

NARROW, PHONE = 360, 400  # CSS pixels of telephones


@contextmanager
def watched(browser: Any, address: str) -> Iterator[Any]:
    """A page, shown: any error in it and any request that leaves it fails the test at the end."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: None if request.url.split("#")[0] == address else wrong.append(request.url))
    tab.goto(address)
    yield tab
    context.close()
    assert wrong == []


def visible_rows(view: Any) -> Any:
    return view.locator(".rows-of tbody:visible")


def unfolded(view: Any, bound: str) -> Any:
    """The table of a statement, shown."""
    view.evaluate("(id) => { document.getElementById(id).open = true; }", f"rows-{slug(bound)}")
    return view.locator(f"#rows-{slug(bound)} table")


NAMELESS = """() => [...document.querySelectorAll("a, button, select, input, summary, [role=region], [role=img]")]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const labelled = (element.getAttribute("aria-labelledby") || "").split(" ")
      .map((id) => document.getElementById(id)?.textContent || "").join("");
    const label = element.closest("label")?.textContent || "";
    const own = ["INPUT", "SELECT"].includes(element.tagName) ? "" : element.textContent;
    return !(labelled || element.getAttribute("aria-label") || label || own).trim();
  }).map((element) => element.outerHTML.slice(0, 200))"""

STRUCTURE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)], wrong = [];
  const ids = all("[id]").map((element) => element.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  let last = 0;
  for (const head of document.querySelectorAll("h1, h2, h3, h4")) {
    const level = Number(head.tagName[1]);
    if (level > last + 1) wrong.push(`h${last} is followed by h${level}: ${head.textContent}`);
    last = level;
  }
  const scrolls = (box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1;
  for (const box of all(".scroll").filter(scrolls)) if (box.tabIndex !== 0) wrong.push("a box that no key scrolls");
  for (const table of all("table")) if (!table.caption) wrong.push("a table without a caption");
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) wrong.push("a tab order");
  for (const math of all("math")) if (!math.getAttribute("alttext")) wrong.push("a silent formula");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  return wrong;
}"""
