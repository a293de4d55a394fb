// Says each minute in which somebody types that somebody is here, so that a long note is not lost with the sign-in.
"use strict";
(() => {
  const EVERY_MS = 60_000;
  let told = Date.now(), warned = false;

  /** Whether this session still stands; without an answer nobody knows, and the next minute asks again. */
  async function stands() {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const asked = { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual", credentials: "same-origin" };
    const answer = await fetch("/people/typing/", asked).catch(() => null);
    if (!answer || answer.status >= 500) return true;
    return answer.ok && (await answer.json()).here;
  }

  addEventListener("input", async () => {
    if (warned || Date.now() - told < EVERY_MS) return;
    told = Date.now();
    warned = !(await stands());
    for (const words of document.querySelectorAll("[data-signed-out]")) words.hidden = !warned;
  });
})();
