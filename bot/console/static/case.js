// A case's page says that it is open, tells of what happened meanwhile, inserts citations and ready-made replies.
const page = document.querySelector(".case-page");
const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";
const here = document.getElementById("here"), moved = document.getElementById("moved");
const EVERY = 10000;

async function pulse(leaving = false) {
  const body = new URLSearchParams(leaving ? { csrf, leaving: "1" } : { csrf });
  if (leaving) { navigator.sendBeacon(page.dataset.pulse, body); return; }
  try {
    const answer = await fetch(page.dataset.pulse, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const now = await answer.json();
    here.hidden = !now.here;
    if (here.textContent !== now.here) here.textContent = now.here;
    if (String(now.seq) !== page.dataset.seq && moved.hidden) {
      const again = document.createElement("a");
      again.href = location.pathname;
      again.textContent = page.dataset.again;
      moved.replaceChildren(page.dataset.moved, " ", again);
      moved.hidden = false;
    }
  } catch { /* the network is away: the next time */ }
}

function insert(field, text, apart = "\n") {
  field.value = field.value.trim() ? `${field.value.trimEnd()}${apart}${text}` : text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function cite() {
  const box = document.querySelector("[data-cite]"), q = document.getElementById("cite-q");
  const answer = await fetch(`${box.dataset.cite}?q=${encodeURIComponent(q.value)}`, { cache: "no-store" });
  if (answer.ok) document.getElementById("cites-found").innerHTML = await answer.text();
}

document.getElementById("cite-go")?.addEventListener("click", cite);
document.getElementById("cite-q")?.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); cite(); } });
document.addEventListener("click", (event) => {
  const cited = event.target.closest("[data-cited]");
  if (cited) insert(document.getElementById("m-citations"), cited.dataset.cited);
  const ready = event.target.closest("[data-insert]");
  const field = document.getElementById("m-text");
  if (ready && field) { event.preventDefault(); insert(field, ready.dataset.insert, "\n\n"); field.focus(); }
});
document.getElementById("move")?.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => { delete document.getElementById("move")?.dataset.sent; });
addEventListener("pagehide", () => pulse(true));
document.getElementById("refused")?.focus();
const from = document.referrer;
if (from && new URL(from).pathname === "/console/queue" && new URL(from).origin === location.origin) document.getElementById("back").href = from;
pulse();
setInterval(() => { if (!document.hidden) pulse(); }, EVERY);
