"""The script of the page, in Chromium from the command line."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.reports.page.rendered import page
from tests.reports.test_tables import synthetic_rows

_PROBE = """<script>
addEventListener("load", () => {
  const form = document.getElementById("filters"), notes = [];
  const note = (name, value) => notes.push(`${name}=${value}`);
  const visible = () => [...document.querySelectorAll(".rows-of tbody")].filter((body) => !body.hidden);
  note("form", form.hidden);
  form.elements.bound.value = "T3"; form.dispatchEvent(new Event("input"));
  note("filtered", visible().every((body) => body.closest(".rows-of").dataset.bound === "T3") && visible().length);
  form.elements.bound.value = ""; form.dispatchEvent(new Event("input"));
  const group = document.getElementById("rows-S4"), table = group.querySelector("table");
  group.open = true;
  const heads = [...table.tHead.rows[0].cells], place = heads.findIndex((head) => head.textContent === "Ratio");
  heads[place].querySelector("button").click(); heads[place].querySelector("button").click();
  const keys = [...table.tBodies].map((body) => Number(body.rows[0].cells[place].textContent));
  note("sort", heads[place].getAttribute("aria-sort"));
  note("falling", keys.length > 9 && keys.every((key, i) => i === 0 || keys[i - 1] >= key));
  const body = table.tBodies[0], button = body.querySelector("button.open");
  button.click();
  note("opened", button.getAttribute("aria-expanded") + getComputedStyle(body.rows[1]).display);
  note("wide", document.documentElement.scrollWidth <= innerWidth);
  document.body.dataset.notes = notes.join(" ");
});
</script></body>"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 500])
def test_sorting_filtering_and_opening_work_in_chromium(tmp_path, width):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "this test needs Chromium on the PATH"
    probed = re.sub(r"<meta http-equiv=[^>]*>", "", page()).replace("</body>", _PROBE)
    path = tmp_path / "page.html"
    path.write_text(probed, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-sync", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"]
    options += ["--enable-logging=stderr", f"--window-size={width},900", "--virtual-time-budget=4000"]
    command = [browser, *options, "--dump-dom", path.as_uri()]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    notes = re.search(r'data-notes="([^"]*)"', outcome.stdout)
    assert notes is not None, outcome.stderr
    threes = sum(row.bound == "T3" for row in synthetic_rows())
    assert notes[1] == f"form=false filtered={threes} sort=descending falling=true opened=truetable-row wide=true"
    assert "CONSOLE" not in outcome.stderr
