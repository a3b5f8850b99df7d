// A button beside each password field that shows what was typed. Without this script the field just stays hidden.
for (const field of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show";
  const turn = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? field.dataset.hide : field.dataset.show;
    button.setAttribute("aria-pressed", String(shown));
  };
  button.addEventListener("click", () => turn(field.type === "password"));
  field.form.addEventListener("submit", () => turn(false));
  turn(false);
  const row = document.createElement("div");
  row.className = "with-show";
  field.replaceWith(row);
  row.append(field, button);
}
document.getElementById("refused")?.focus();
