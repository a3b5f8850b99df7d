// Fields that hang on another answer are shown when it is given. Without this script all of them stand open.
const form = document.querySelector(".new-form");

function given(step) {
  return [...form.elements].filter((one) => one.name === step && (one.type === "checkbox" || one.type === "radio" ? one.checked : one.value)).map((one) => one.value);
}

function show() {
  for (const field of form.querySelectorAll("[data-when]")) {
    const held = field.dataset.when.split(" ").every((part) => {
      const [step, codes] = part.split(":");
      const values = given(step);
      return codes ? codes.split(",").some((code) => values.includes(code)) : values.length > 0;
    });
    field.hidden = !held;
  }
}

form.addEventListener("change", show);
document.getElementById("refused")?.focus();
show();
