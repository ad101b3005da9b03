"use strict";
(() => {
  const root = document.documentElement;
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  root.classList.add("scripted");

  // theme: follow the system until the reader chooses
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const stored = (value) => {
    try {
      if (value) localStorage.setItem("theme", value);
      return localStorage.getItem("theme");
    } catch { return null; }
  };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  const theme = make("button", { type: "button" });
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `${theme.textContent} theme`); };
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; stored(root.dataset.theme); name(); });
  name();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  document.getElementById("tools").append(theme);

  // a box is a stop of the keyboard only while it scrolls
  const stops = new ResizeObserver((seen) => {
    for (const { target: box } of seen) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".scroll")) stops.observe(box);

  // rows: a row is one tbody; what it says when opened comes from the data at the end of the page
  const RUN = 3;
  const { tables, texts } = JSON.parse(document.getElementById("row-data").textContent);
  const groups = [...document.querySelectorAll(".rows-of")];
  const rows = groups.flatMap((group, which) => [...group.querySelectorAll("tbody")].map((body, place) => {
    const [keys, parts] = tables[which][place];
    return { body, group, keys, parts, bound: group.dataset.bound };
  }));
  const rowOf = new Map(rows.map((row) => [row.body, row]));
  const runOf = (row) => row.parts.find(([, style]) => style === RUN)?.[2];
  const link = (row) => make("a", { href: `#${row.body.id}` }, row.body.id.slice("row-".length));
  const shownAs = [
    (found) => found.join(", "),
    (found) => make("ul", {}, ...found.map((text) => make("li", {}, text))),
    (found) => make("code", {}, found.join(" ")),
    ([file], row) => {
      const others = rows.filter((other) => other !== row && runOf(other) === runOf(row));
      const box = make("span", {}, make("a", { href: file }, file));
      if (others.length) box.append("; the same run gave ", ...others.flatMap((other, i) => (i ? [", ", link(other)] : [link(other)])));
      return box;
    },
  ];
  const details = (row) => {
    const list = make("dl");
    for (const [term, style, ...places] of row.parts) {
      const value = make("dd", { className: texts[term] === "Fails" ? "violated" : "" });
      value.append(shownAs[style](places.map((place) => texts[place]), row));
      list.append(make("dt", {}, texts[term]), value);
    }
    list.append(make("dt", {}, "Address"), make("dd", {}, link(row)));
    const cell = make("td", { colSpan: row.body.rows[0].cells.length }, list);
    return make("tr", { className: "more" }, cell);
  };
  const open = (row, wanted) => {
    if (wanted && !row.more) row.body.append((row.more = details(row)));
    if (row.more) row.more.hidden = !wanted;
    row.button.setAttribute("aria-expanded", String(wanted));
    row.button.textContent = wanted ? "▾" : "▸";
  };
  for (const row of rows) {
    row.button = make("button", { type: "button", className: "open" });
    row.button.setAttribute("aria-label", `Details of ${row.bound} on ${row.body.dataset.task}`);
    row.body.rows[0].cells[0].prepend(row.button);
    row.button.addEventListener("click", () => open(row, row.button.getAttribute("aria-expanded") !== "true"));
    open(row, false);
  }

  // sort: numbers by their key with absent ones last, texts by the reader's collation
  const collator = new Intl.Collator(undefined, { numeric: true });
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
  for (const group of groups) {
    const table = group.querySelector("table");
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const rising = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        const keyed = [...table.tBodies].map((body) => [rowOf.get(body).keys[column], body]);
        const known = keyed.filter(([value]) => value !== null && value !== "").sort(([a], [b]) => (rising ? compare(a, b) : compare(b, a)));
        const absent = keyed.filter(([value]) => value === null || value === "");
        table.append(...[...known, ...absent].map(([, body]) => body));
      });
    });
  }

  // filter: kept in the address, as #rows?bound=T2&verdict=HOLDS&text=two+words
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const columns = ["bound", "task", "mode", "verdict"];
  const textOf = (row) => (row.text ??= [row.bound, row.body.textContent, ...row.parts.flatMap(([, , ...places]) => places.map((place) => texts[place]))].join(" ").toLowerCase());
  const valueOf = (row, column) => (column === "bound" ? row.bound : row.body.dataset[column]);
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = columns.filter((column) => form.elements[column].value);
    const counts = new Map(groups.map((group) => [group, 0]));
    for (const row of rows) {
      const chosen = wanted.every((column) => form.elements[column].value === valueOf(row, column));
      row.body.hidden = !(chosen && words.every((word) => textOf(row).includes(word)));
      counts.set(row.group, counts.get(row.group) + !row.body.hidden);
    }
    const narrowed = wanted.length + words.length > 0;
    for (const [group, count] of counts) {
      group.hidden = count === 0;
      if (narrowed) group.open = count > 0;
    }
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    shown.value = `${total} of ${rows.length} ${rows.length === 1 ? "row" : "rows"}`;
  };
  const keys = [...columns, "text"];
  const address = () => {
    const state = new URLSearchParams(keys.map((key) => [key, form.elements[key].value.trim()]).filter(([, value]) => value));
    return `#rows${state.size ? `?${state}` : ""}`;
  };
  const set = (state) => {
    for (const key of keys) form.elements[key].value = state.get(key) || "";
    apply();
  };
  const clear = () => {
    set(new Map());
    for (const group of groups) group.open = false;
  };
  form.hidden = false;
  form.addEventListener("input", () => { apply(); history.replaceState(null, "", address()); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); clear(); history.replaceState(null, "", "#rows"); });
  document.addEventListener("click", (event) => {
    const found = event.target.closest("a[data-bound], a[data-verdict]");
    if (!found) return;
    event.preventDefault();
    set(new Map(Object.entries(found.dataset)));
    location.hash = address();
  });
  apply();

  // anchors: show what an address points at, also inside folded parts, below the bar
  const reveal = () => {
    const [place, state] = location.hash.slice(1).split("?");
    const target = document.getElementById(decodeURIComponent(place));
    if (state !== undefined && place === "rows") set(new URLSearchParams(state));
    if (!target) return;
    const row = rowOf.get(target);
    if (target.hidden) clear();
    if (row) open(row, true);
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView({ block: row ? "center" : "start" });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // paper shows what is folded
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const part of unfolded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of unfolded) part.open = false; });
})();
