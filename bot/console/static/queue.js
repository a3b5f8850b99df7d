// The queue comes up to date by itself and is worked by keyboard. Everything here also works without it.
const list = document.getElementById("list");
const bulk = document.getElementById("bulk");
const bar = document.querySelector(".bulk-count");
const EVERY = 4000;
let tag = "", at = "", title = document.title;
const known = new Set(references());

function rows() { return [...list.querySelectorAll("tr[data-ref]")]; }
function references() { return rows().map((row) => row.dataset.ref); }
function ticked() { return [...list.querySelectorAll("input[name=case]:checked")].map((box) => box.value); }

function mark(reference, focus = true) {
  for (const row of rows()) row.classList.toggle("at", row.dataset.ref === reference);
  at = reference;
  const row = rows().find((each) => each.dataset.ref === reference);
  if (row && focus) { row.querySelector("a").focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
}

function step(by) {
  const all = references();
  if (!all.length) return;
  const here = all.indexOf(at);
  mark(all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1)]);
}

function count() {
  if (!bar) return;
  const number = ticked().length;
  bar.textContent = number ? bar.dataset.some.replace("{count}", number) : bar.dataset.none;
}

async function follow() {
  if (document.hidden) return;
  try {
    const answer = await fetch(list.dataset.rows, { headers: { ...(tag ? { "If-None-Match": tag } : {}) }, cache: "no-store" });
    if (answer.status === 401) { location.reload(); return; }
    if (answer.status !== 200) return;
    const first = !tag;
    tag = answer.headers.get("ETag") ?? "";
    draw(await answer.text(), first);
  } catch { /* the network is away: the next time */ }
}

function draw(html, first) {
  const chosen = new Set(ticked());
  const focused = document.activeElement?.closest?.("tr[data-ref]")?.dataset.ref;
  const onBox = document.activeElement?.name === "case";
  list.innerHTML = html;
  for (const box of list.querySelectorAll("input[name=case]")) box.checked = chosen.has(box.value);
  for (const row of rows()) {
    if (!known.has(row.dataset.ref) && !first) row.classList.add("fresh");
    known.add(row.dataset.ref);
  }
  if (focused && onBox) list.querySelector(`tr[data-ref="${focused}"] input`)?.focus({ preventScroll: true });
  else if (focused) mark(focused);
  else mark(at, false);
  const counts = document.getElementById("found")?.dataset.counts.trim().split(" ").map((pair) => pair.split("=")) ?? [];
  const numbers = new Map(counts);
  for (const each of document.querySelectorAll("[data-count]")) each.textContent = numbers.get(each.dataset.count) ?? "0";
  document.title = title;
  count();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (box) { if (event.key === "Escape") box.blur(); return; }
  const row = rows().find((each) => each.dataset.ref === at);
  const does = {
    j: () => step(1), k: () => step(-1), "/": () => document.getElementById("q").focus(),
    "?": () => document.getElementById("keys").showModal(),
    x: () => { const tick = row?.querySelector("input"); if (tick) { tick.checked = !tick.checked; count(); } },
    c: () => claim(row),
    Enter: () => { if (row && event.target === document.body) location.href = row.querySelector("a").href; else return false; },
  }[event.key];
  if (does && does() !== false) event.preventDefault();
});

function claim(row) {
  const button = bulk.querySelector("button[value=claim]");
  if (!button || (!row && !ticked().length)) return;
  if (!ticked().length) row.querySelector("input").checked = true;
  bulk.requestSubmit(button);
}

list.addEventListener("change", count);
list.addEventListener("focusin", (event) => { const row = event.target.closest("tr[data-ref]"); if (row && row.dataset.ref !== at) mark(row.dataset.ref, false); });
document.getElementById("outcomes")?.focus();
document.getElementById("q-sort")?.addEventListener("change", (event) => event.target.form.requestSubmit());
count();
setInterval(follow, EVERY);
document.addEventListener("visibilitychange", follow);
