"use strict";
(() => {
  const root = document.documentElement;
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
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

  // rows: a row is one tbody, so that its details travel with it
  const table = document.getElementById("row-table");
  const bodies = [...table.tBodies];
  const open = (body, wanted) => {
    body.classList.toggle("opened", wanted);
    body.querySelector("details").open = true;
    const button = body.querySelector("button.open");
    button.setAttribute("aria-expanded", String(wanted));
    button.textContent = wanted ? "▾" : "▸";
  };
  for (const body of bodies) {
    const button = make("button", { type: "button", className: "open" });
    button.setAttribute("aria-label", `Details of ${body.dataset.bound} on ${body.dataset.task}`);
    body.rows[0].cells[0].prepend(button);
    button.addEventListener("click", () => open(body, !body.classList.contains("opened")));
    open(body, false);
  }

  // sort: numbers by their key with absent ones last, texts by the reader's collation
  const collator = new Intl.Collator(undefined, { numeric: true });
  const heads = [...table.tHead.rows[0].cells];
  const key = (body, column) => {
    const cell = body.rows[0].cells[column];
    return cell.dataset.key === undefined ? cell.textContent.trim() : cell.dataset.key;
  };
  const compare = (kind) => (a, b) => (kind === "text" ? collator.compare(a, b) : Number(a) - Number(b));
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const order = compare(head.dataset.sort);
      const keyed = bodies.map((body) => [key(body, column), body]);
      const known = keyed.filter(([value]) => value !== "").sort(([a], [b]) => (rising ? order(a, b) : order(b, a)));
      const absent = keyed.filter(([value]) => value === "");
      table.append(...[...known, ...absent].map(([, body]) => body));
    });
  });

  // filter
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const columns = ["bound", "task", "mode", "verdict"];
  const texts = new Map(bodies.map((body) => [body, body.textContent.toLowerCase()]));
  const apply = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    let count = 0;
    for (const body of bodies) {
      const chosen = columns.every((column) => !form.elements[column].value || form.elements[column].value === body.dataset[column]);
      body.hidden = !(chosen && texts.get(body).includes(text));
      count += !body.hidden;
    }
    shown.value = `${count} of ${bodies.length} rows`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href='#rows']");
    if (!link || !(link.dataset.bound || link.dataset.verdict)) return;
    form.reset();
    for (const column of columns) form.elements[column].value = link.dataset[column] || "";
    apply();
  });
  apply();

  // anchors: show what a link points at, also inside folded parts
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.parentElement === table) {
      if (target.hidden) { form.reset(); apply(); }
      open(target, true);
    }
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView({ block: target.parentElement === table ? "center" : "start" });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
