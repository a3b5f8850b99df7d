// Start here for the chat page: takes the forms over from the browser. Everything also works without it.

import { ask, isBusy } from "./ask.js";
import { copyOnClick, showCopyButtons } from "./copy.js";
import { keepDraft, leftOver } from "./draft.js";
import { openDrawers } from "./drawer.js";
import { bringUp, part, toast, words } from "./page.js";

const LIMIT = Number(part("text").dataset.limit);
// What a paste brings along unseen: control characters and marks that turn the writing direction.
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const box = part("text");
const composer = part("composer");

function takeOverForms() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-ask]")) return;
    event.preventDefault();
    if (isBusy()) return;
    const button = event.submitter;
    if (button?.name === "choice") ask({ choice: button.value }, button.textContent.trim());
    else if (button?.name === "text") ask({ text: button.value }, button.value);
    else askFromBox();
  });
}

function askFromBox() {
  const text = tidy(box.value);
  if (!text) {
    box.focus();
    return;
  }
  box.value = "";
  typed();
  if (matchMedia("(pointer: coarse)").matches) box.blur();
  ask({ text }, text);
}

function tidy(text) {
  const seen = text.replace(UNSEEN, "");
  return (seen.toWellFormed?.() ?? seen).trim();
}

function typed() {
  keepDraft(box.value);
  const used = [...box.value].length;
  const count = part("count");
  count.textContent = used > LIMIT * 0.8 ? words.count.replace("{used}", used).replace("{limit}", LIMIT) : "";
  count.classList.toggle("over", used > LIMIT);
  if (!CSS.supports("field-sizing", "content")) {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
}

function writeInBox() {
  box.addEventListener("input", typed);
  box.addEventListener("keydown", (event) => {
    // An Enter that picks a word in an input method is not a send; Safari reports it by key code only.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    composer.requestSubmit();
  });
  const bubbles = document.querySelectorAll(".bubble");
  box.value = box.value || leftOver(bubbles[bubbles.length - 1]?.textContent ?? "");
  typed();
}

function keepDistrict() {
  const select = part("district");
  let kept = select.value;
  select.addEventListener("change", async () => {
    try {
      const response = await fetch("/api/district", {
        method: "PUT",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ district: select.value || null }),
      });
      if (!response.ok) throw new Error((await response.json()).text);
      kept = select.value;
      toast(words.districtKept.replace("{district}", kept || words.wholeCity));
    } catch (error) {
      select.value = kept;
      toast(navigator.onLine && error.message ? error.message : words.offline);
    }
  });
}

function beginAnew() {
  const dialog = part("anew-dialog");
  document.querySelector("[data-anew]").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "yes") return;
    try {
      const response = await fetch("/api/history", { method: "DELETE" });
      if (!response.ok) throw new Error((await response.json()).text);
      part("log").replaceChildren();
      part("welcome").hidden = false;
      part("log-tools").hidden = true;
      scrollTo({ top: 0 });
      box.focus();
    } catch {
      toast(words.offline);
    }
  });
}

takeOverForms();
writeInBox();
keepDistrict();
beginAnew();
openDrawers();
copyOnClick();
showCopyButtons();
part("log").addEventListener("kc:reply", showCopyButtons);
const last = part("log").lastElementChild;
if (last) bringUp(last);
