"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  root.classList.add("js");

  const theme = document.getElementById("theme");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Show in ${theme.textContent.toLowerCase()} colours`); };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
  nameTheme();

  // What takes long says so while it is on its way; whoever comes back finds the form as it was.
  const waits = all("form[data-wait]");
  waits.forEach((form) => form.addEventListener("submit", () => { form.querySelector("[role=status]").textContent = form.dataset.wait; }));
  addEventListener("pageshow", () => waits.forEach((form) => { form.querySelector("[role=status]").textContent = ""; }));

  const chosen = () => Math.max(0, all("input[name=target]").findIndex((input) => input.checked));
  const articles = all("article");
  const title = document.title;

  // One document at a time where there are several; without this script all stand below each other.
  const route = () => {
    const place = document.getElementById(location.hash.slice(1));
    const skipped = place && place.id === "content" && body.classList.contains("reading"); // the link to the content
    const open = skipped ? articles.find((article) => article.classList.contains("open")) : place && place.closest("article");
    body.classList.toggle("reading", Boolean(open));
    articles.forEach((article) => article.classList.toggle("open", article === open));
    document.title = open ? `${open.querySelector("h2").textContent} · ${title}` : title;
    if (!place) return;
    const goal = skipped || place === open ? open.querySelector("h2") : place;
    goal.tabIndex = -1;
    goal.focus({ preventScroll: true });
    (skipped ? open : place).scrollIntoView();
  };
  if (articles.length > 1) {
    body.classList.add("many");
    addEventListener("hashchange", route);
    route();
  }

  // j and k go from paragraph to paragraph, where the focus is in a document.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !["j", "k"].includes(event.key)) return;
    const article = event.target.closest("article");
    if (!article) return;
    const paragraphs = all("p.body", article);
    const here = paragraphs.indexOf(event.target.closest("p.body"));
    const next = paragraphs[here < 0 ? 0 : here + (event.key === "j" ? 1 : -1)];
    if (next) { next.tabIndex = -1; next.focus(); }
  });

  const table = document.getElementById("documents");
  if (!table) return;
  const rows = all("tbody tr", table), heads = all("thead th", table);
  const find = document.getElementById("find"), part = document.getElementById("part"), holds = document.getElementById("holds");
  const found = document.getElementById("found");
  const texts = new Map();
  const words = (block) => [...block.childNodes].filter((node) => !node.classList?.contains("badge")).map((node) => node.textContent).join("");
  const textOf = (row) => { // what the document says, and not what the page says of it
    if (!texts.has(row)) {
      const blocks = all(".block", document.getElementById(row.dataset.document));
      texts.set(row, [row.cells[0].textContent, row.dataset.part, ...blocks.map(words)].join(" ").toLowerCase());
    }
    return texts.get(row);
  };
  const filter = () => {
    const asked = find.value.toLowerCase().split(/\s+/).filter(Boolean), target = chosen();
    let count = 0;
    for (const row of rows) {
      const labels = row.dataset.labels.split("|")[target] || "";
      const shown = (!part || !part.value || row.dataset.part === part.value)
        && (!holds.value || labels.includes(holds.value)) && asked.every((word) => textOf(row).includes(word));
      row.hidden = !shown;
      count += shown;
    }
    found.textContent = `${count} of ${rows.length} documents`;
  };
  let sorted = null;
  const value = (row, column) => {
    const parts = row.cells[column].dataset.v.split("|");
    return parts.length > 1 ? parts[chosen()] : parts[0];
  };
  const sort = () => {
    if (!sorted) return;
    const numeric = heads[sorted.column].classList.contains("num");
    const compare = (a, b) => numeric ? Number(a) - Number(b) : a.localeCompare(b, undefined, { numeric: true });
    const order = rows.map((row, place) => [value(row, sorted.column), place, row]);
    order.sort((a, b) => sorted.sign * compare(a[0], b[0]) || a[1] - b[1]);
    table.tBodies[0].append(...order.map((item) => item[2]));
  };
  heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") === "descending" || (head.getAttribute("aria-sort") !== "ascending" && !head.classList.contains("num"));
    heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    sorted = { column, sign: up ? 1 : -1 };
    sort();
  }));
  [find, part, holds].forEach((control) => control?.addEventListener("input", filter));
  all("input[name=target]").forEach((input) => input.addEventListener("change", () => { sort(); filter(); }));
  filter();
})();
