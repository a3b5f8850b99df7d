// What the modules of the chat page share: its parts, its sentences, its templates.

export const part = (id) => document.getElementById(id);

export const words = document.getElementById("words").dataset;

export function fromTemplate(id) {
  return part(id).content.firstElementChild.cloneNode(true);
}

// HTML drawn (and escaped) by our own server; scripts in a template's content never run.
export function fromServer(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content;
}

let hiding;
export function toast(text) {
  const place = part("toast");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => place.classList.remove("shown"), 2600);
}

export const still = matchMedia("(prefers-reduced-motion: reduce)");

export function bringUp(element) {
  element.scrollIntoView({ block: "start", behavior: still.matches ? "auto" : "smooth" });
}
