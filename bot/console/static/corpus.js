// While something runs the page shows how far it is, and comes anew once it is over. Without this a reload shows it.
const shown = document.getElementById("run");
const EVERY = 1000;
let tag = "";

const running = () => shown.querySelector("[data-running]") !== null;

async function follow() {
  if (!running()) return;
  try {
    const answer = await fetch(shown.dataset.progress, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 401) { location.reload(); return; }
    if (answer.status === 200) {
      tag = answer.headers.get("ETag") ?? "";
      const drawn = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (!drawn.querySelector("[data-running]")) { location.replace(shown.dataset.after || location.href); return; }
      shown.replaceChildren(...drawn.childNodes);
    }
  } catch { /* the network is away: the next time */ }
  setTimeout(follow, EVERY);
}

if (shown) setTimeout(follow, EVERY);
