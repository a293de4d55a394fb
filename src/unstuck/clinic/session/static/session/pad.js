/** The number keys beside the fields: large enough for a thumb, on the side of the hand that holds the tablet. They type
 *  into the field that is in use and fill in nothing by themselves; without scripts the plain fields are all there is. */

const KEPT = "unstuck-hand", MOST = 7, FIELDS = "input[inputmode=decimal], input[inputmode=numeric], input[data-padded]";
const root = document.documentElement;
let last = null;

function handKept() {
  try { return localStorage.getItem(KEPT) === "left" ? "left" : "right"; } catch { return "right"; }
}

function setHand(hand) {
  root.dataset.hand = hand;
  try { localStorage.setItem(KEPT, hand); } catch { /* a device that keeps nothing asks again */ }
}

const fieldsOf = (pad) => [...pad.closest("form").querySelectorAll(FIELDS)].filter((field) => field.offsetParent !== null);

/** The field that the pad types into: the one in use, else the last one used here, else the first that is empty. */
function target(pad) {
  const fields = fieldsOf(pad), on = document.activeElement;
  if (fields.includes(on)) return on;
  return fields.includes(last) ? last : fields.find((field) => field.value === "") ?? fields[0];
}

function typed(text, key) {
  if (key === "back") return text.slice(0, -1);
  if (key === "clear") return "";
  if (key === "." && /[.,]/.test(text)) return text;
  return text.length < MOST ? text + (key === "." && text === "" ? "0." : key) : text;
}

function press(pad, key) {
  const field = target(pad);
  if (!field) return;
  navigator.vibrate?.(10);
  if (key === "next") return next(pad, field);
  field.focus({ preventScroll: true });
  field.value = typed(field.value, key);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** To the next field; after the last one to the button that records, which is not pressed. */
function next(pad, field) {
  const fields = fieldsOf(pad), after = fields[fields.indexOf(field) + 1];
  (after ?? pad.closest("form").querySelector("button[type=submit]"))?.focus();
}

/** Shows the keys and lets them type. A finger on a key leaves the field in use, and its own keypad closed. */
export function takePads() {
  root.dataset.pads = "on";
  setHand(handKept());
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".pad [data-key]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const key = event.target.closest(".pad [data-key]"), hand = event.target.closest("[data-hand-switch]");
    if (key) press(key.closest(".pad"), key.dataset.key);
    if (hand) setHand(root.dataset.hand === "left" ? "right" : "left");
  });
  document.addEventListener("focusin", ({ target: field }) => {
    if (!field.matches(FIELDS) || !field.closest("form")?.querySelector(".pad")) return;
    last = field;
    field.dataset.padded = field.inputMode;
    field.inputMode = "none";
    field.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("focusout", ({ target: field }) => {
    if (field.dataset?.padded === undefined) return;
    field.inputMode = field.dataset.padded;
    delete field.dataset.padded;
  });
}
