// Sends a question, shows its stages, and puts the reply under it. A failure keeps the question and offers a retry.

import { keepPending } from "./draft.js";
import { bringUp, fromServer, fromTemplate, part, words } from "./page.js";
import { eventsOf } from "./sse.js";

const MUST_CHANGE = new Set(["error_too_long", "error_empty", "error_unclean_text", "error_invalid_field", "error_file_type", "error_file_too_large"]);

let busy = false;

export const isBusy = () => busy;

// asked: {text} or {choice}; shown: what stands in the bubble. The same id is answered once, however often it is sent.
export function ask(asked, shown) {
  const body = { ...asked, id: newId() };
  return begin((stages) => follow(body, stages), shown, body.text);
}

// A file into the conversation; it goes out again as the same message where it has to.
export function sendFile(file) {
  const id = newId();
  return begin((stages) => upload(file, id, stages), words.fileShown.replace("{name}", file.name));
}

function begin(send, shown, text = "") {
  const turn = document.createElement("div");
  turn.className = "turn";
  const question = fromTemplate("question-template");
  question.querySelector(".bubble").textContent = shown;
  turn.append(question);
  part("welcome").hidden = true;
  part("log-tools").hidden = false;
  part("log").append(turn);
  return attempt(send, turn, text);
}

async function attempt(send, turn, text) {
  setBusy(true);
  keepPending(text);
  const waiting = fromTemplate("waiting-template");
  turn.append(waiting);
  bringUp(turn);
  let outcome;
  try {
    outcome = await send(waiting.querySelector("[data-stages]"));
  } catch {
    outcome = { error: { text: navigator.onLine ? words.lost : words.offline } };
  }
  waiting.remove();
  setBusy(false);
  if (outcome.html) settle(turn, outcome.html);
  else offerRetry(send, turn, text, outcome.error);
}

async function upload(file, id, stages) {
  stages.textContent = words.uploading.replace("{name}", file.name);
  const form = new FormData();
  form.append("file", file);
  const response = await fetch(`/api/files?html=true&id=${id}`, { method: "POST", body: form });
  const told = await response.json();
  if (!response.ok) return { error: told.reply ?? told };
  return { html: told.html };
}

async function follow(body, stages) {
  const response = await fetch("/api/chat/stream?html=true", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) return { error: await response.json() };
  const seen = [];
  let html;
  for await (const { name, data } of eventsOf(response)) {
    if (name === "stage" && data.text) {
      seen.push(data.text);
      stages.textContent = seen.join(" · ");
    } else if (name === "turn") html = data.html;
    else if (name === "answer") return data.status.startsWith("error_") ? { error: data } : { html };
    else if (name === "error") return { error: data };
  }
  throw new Error("the stream ended without a reply");
}

function settle(turn, html) {
  keepPending("");
  for (const old of document.querySelectorAll(".choices, .to-form")) old.remove();
  turn.append(fromServer(html));
  bringUp(turn);
  part("log").dispatchEvent(new Event("kc:reply"));
}

function offerRetry(send, turn, text, error) {
  const trouble = fromTemplate("trouble-template");
  trouble.querySelector("[data-text]").textContent = error.text;
  const retry = trouble.querySelector("[data-retry]");
  if (MUST_CHANGE.has(error.status)) {
    retry.remove();
    if (text) turn.querySelector(".question")?.remove();
    giveBack(text);
  }
  retry.addEventListener("click", () => {
    if (busy) return;
    trouble.remove();
    attempt(send, turn, text);
  });
  turn.append(trouble);
  trouble.scrollIntoView({ block: "nearest" });
}

// What can only be asked in other words goes back into the box.
function giveBack(text) {
  const box = part("text");
  if (!text || box.value) return;
  keepPending("");
  box.value = text;
  box.dispatchEvent(new Event("input"));
}

function setBusy(on) {
  busy = on;
  document.querySelector(".send").setAttribute("aria-disabled", String(on));
  part("log").setAttribute("aria-busy", String(on));
}

// crypto.randomUUID is missing on plain http, where an intranet may well be.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
