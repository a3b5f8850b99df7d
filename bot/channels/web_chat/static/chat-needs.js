// What the chat page does for needs: files from the paper clip, input that fits the question, news of cases.

import { isBusy, sendFile } from "./ask.js";
import { bringUp, fromServer, part, toast, words } from "./page.js";

const FILE_BYTES = 10 * 1024 * 1024;
const POLL = 30_000;
const MODES = { phone: "tel", number: "numeric", money: "decimal", email: "email" };

const box = part("text");
const log = part("log");

function attach() {
  const button = document.querySelector("[data-attach]");
  const input = document.querySelector("[data-attach-input]");
  button.hidden = false;
  button.addEventListener("click", () => {
    if (!isBusy()) input.click();
  });
  input.addEventListener("change", () => {
    const file = input.files[0];
    input.value = "";
    if (!file) return;
    if (file.size > FILE_BYTES) toast(words.tooLarge);
    else sendFile(file);
  });
}

// The keyboard follows what the form asks for; a question can be asked all the same, so letters are a press away.
function fitInput() {
  const strip = document.querySelector("[data-form-strip]");
  const picker = strip.querySelector("[data-pick-date]");
  const letters = strip.querySelector("[data-keyboard]");
  const fit = () => {
    const last = log.querySelector(".turn:last-child > .answer:last-child");
    const wanted = last?.dataset.input ?? "";
    const mode = MODES[wanted];
    box.inputMode = mode ?? "text";
    picker.hidden = wanted !== "date";
    letters.hidden = !mode || !matchMedia("(pointer: coarse)").matches;
    strip.hidden = picker.hidden && letters.hidden;
  };
  letters.addEventListener("click", () => {
    box.inputMode = "text";
    letters.hidden = true;
    strip.hidden = picker.hidden;
    box.blur();
    box.focus();
  });
  picker.addEventListener("change", () => {
    if (!picker.value) return;
    box.value = picker.value;
    box.dispatchEvent(new Event("input"));
    box.focus();
  });
  log.addEventListener("kc:reply", fit);
  fit();
}

function news() {
  const shown = new Set();
  const show = (id, html) => {
    if (shown.has(id) || log.querySelector(`[data-notice="${id}"]`)) return;
    const turn = document.createElement("div");
    turn.className = "turn";
    turn.append(fromServer(html));
    log.append(turn);
    bringUp(turn);
  };
  const mark = async () => {
    const fresh = [...log.querySelectorAll("[data-notice]")].map((card) => Number(card.dataset.notice)).filter((id) => !shown.has(id));
    if (!fresh.length || document.hidden) return;
    const response = await fetch("/api/notices/seen", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ids: fresh }),
      keepalive: true, // a reader who leaves at once has seen them all the same
    });
    if (response.ok) fresh.forEach((id) => shown.add(id));
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch("/api/notices?html=true");
      if (response.ok && !isBusy()) for (const { id, html } of (await response.json()).notices) show(id, html);
      await mark();
    } catch {
      // Away from the network for a moment: the next look will tell.
    }
  };
  mark().catch(() => {});
  setInterval(look, POLL);
  document.addEventListener("visibilitychange", look);
}

attach();
fitInput();
if (document.body.dataset.notices !== undefined) news();
