/** Filled-in forms become entries of this device; what cannot be a reading is said at once and never leaves. */

const TWICE_MS = 800; // two taps of one button within it are one
const taken = new WeakMap(); // of each form: by which button, and when

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
  document.addEventListener("input", (event) => taken.delete(event.target.form));
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches("[data-once]")) return void once(event, form);
    if (!form.matches("[data-entry]")) return;
    event.preventDefault();
    if (isTappedTwice(event) || !sound(form, says)) return;
    taken.set(form, { button: event.submitter, at: performance.now() });
    const fields = fieldsOf(form, event.submitter), id = fields.entry[0];
    form.elements.namedItem("entry").value = freshId();
    form.reset(); // at once: what is typed while the entry is kept is the next one's
    await add(fields, id);
  });
}

/** Whether a button is tapped a second time in one go: at once, and nothing was filled in since. */
function isTappedTwice({ target: form, submitter }) {
  const last = taken.get(form);
  return last !== undefined && last.button === submitter && performance.now() - last.at < TWICE_MS;
}

function once(event, form) {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
}
