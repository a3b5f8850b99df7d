// Opens a clause beside the chat. Without this module the same links lead to the policy's own page.

import { fromServer, part, words } from "./page.js";

const drawer = part("drawer");
const body = part("drawer-body");

export function openDrawers() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-drawer]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(new URL(link.href));
  });
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer || event.target.closest("[data-close]")) drawer.close();
  });
}

async function open(address) {
  part("drawer-page").href = address;
  body.textContent = words.loading;
  drawer.showModal();
  try {
    const response = await fetch("/fragments" + address.pathname + address.search);
    if (!response.ok) throw new Error(String(response.status));
    body.replaceChildren(fromServer(await response.text()));
    (body.querySelector("mark") ?? body.querySelector(".target") ?? body).scrollIntoView({ block: "center" });
  } catch {
    body.textContent = words.loadFailed;
  }
}
