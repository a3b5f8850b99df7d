// Keeps what was typed through a reload, a lost connection or a refusal, in this tab only.

const DRAFT = "kc.draft";
const PENDING = "kc.pending";

function store(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Storage may be switched off; then nothing is kept, and nothing breaks.
  }
}

function stored(key) {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export const keepDraft = (text) => store(DRAFT, text);
export const keepPending = (text) => store(PENDING, text);

// The draft, or a question that was under way when the page went, unless its answer is in the record already.
export function leftOver(lastQuestion) {
  const pending = stored(PENDING);
  store(PENDING, "");
  return stored(DRAFT) || (pending === lastQuestion ? "" : pending);
}
