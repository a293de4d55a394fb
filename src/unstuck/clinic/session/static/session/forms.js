/** Filled-in forms become entries of this device; what cannot be a reading is said at once and never leaves. */

const freshId = () => crypto.randomUUID().replaceAll("-", "");

function fieldsOf(form, submitter) {
  const fields = {};
  for (const [name, value] of new FormData(form, submitter)) if (name !== "csrfmiddlewaretoken") (fields[name] ??= []).push(value);
  return fields;
}

/** Marks every field that is no number or cannot be; the first one is shown with why. */
function sound(form, says) {
  for (const field of form.querySelectorAll("input[data-low]")) {
    const text = field.value.trim(), value = Number(text.replace(",", "."));
    const wrong = text !== "" && !(value >= Number(field.dataset.low) && value <= Number(field.dataset.high));
    field.setCustomValidity(wrong ? says.between.replace("%", field.dataset.low).replace("%", field.dataset.high) : "");
    field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  }
  return form.reportValidity();
}

/** Takes over the page's forms: `add(fields, id)` keeps an entry. A form that sends a dose is sent once only. */
export function takeForms(add, says) {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches("[data-once]")) return void once(event, form);
    if (!form.matches("[data-entry]")) return;
    event.preventDefault();
    if (!sound(form, says)) return;
    const fields = fieldsOf(form, event.submitter), id = fields.entry[0];
    form.elements.namedItem("entry").value = freshId();
    await add(fields, id);
    form.reset();
  });
}

function once(event, form) {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
}
