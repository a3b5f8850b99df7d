// The copy button of each reply; it is drawn hidden and shown where this module runs.

import { toast, words } from "./page.js";

export function showCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

export function copyOnClick() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = button.closest(".answer").querySelector("template[data-full]").content.textContent;
    toast((await copied(text)) ? words.copied : words.copyFailed);
  });
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedTheOldWay(text); // plain http has no clipboard object
  }
}

function copiedTheOldWay(text) {
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  return done;
}
