/** The help signal: one tap, sent until the server has it, also when the connection comes back only later. */
"use strict";
(() => {
  const TRY_MS = 2_000, LOOK_MS = 5_000, PENDING = `unstuck-call ${location.pathname}`;
  const form = document.getElementById("call");
  if (!form) return;
  const said = document.getElementById("call-said");
  let state = form.dataset.called, pending = kept(), calls = 0;

  function kept() {
    try { return localStorage.getItem(PENDING); } catch { return null; }
  }

  /** Keeps the id of a call that waits, so that a reload goes on trying with the same one. */
  function keep(id) {
    pending = id;
    try {
      if (id) localStorage.setItem(PENDING, id);
      else localStorage.removeItem(PENDING);
    } catch { /* a device that keeps nothing tries until it is closed */ }
  }

  function show(next) {
    if (next === state) return;
    if (said.dataset[next] && (next !== "no" || state === "yes")) said.textContent = said.dataset[next];
    state = next;
    for (const word of form.querySelectorAll("[data-when]")) word.hidden = word.dataset.when !== next;
    document.body.dataset.call = next;
  }

  /** Sends the call that waits, again and again until the server has it. */
  async function send() {
    if (!pending) return;
    const body = new FormData(form);
    body.set("entry", pending);
    try {
      const answer = await fetch(location.pathname, { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok || !(await answer.text()).includes('data-called="yes"')) throw new Error(`${answer.status}`);
      keep(null); // the clinic's own page says so, and not one that something on the way puts in its place
      show("yes");
    } catch {
      show("lost");
      setTimeout(send, TRY_MS);
    }
  }

  /** Asks whether somebody has come; without an answer the device says that it is alone. What was asked before a call
   *  knows nothing of it: such an answer would say that somebody came. */
  async function look() {
    if (pending) return;
    const before = calls, tell = (next) => before === calls && show(next);
    try {
      const answer = await fetch(form.dataset.now, { credentials: "same-origin" });
      if (answer.status === 404) return void location.reload();
      const { called } = await answer.json();
      tell(called === true ? "yes" : called === false ? "no" : "lost");
    } catch {
      tell("lost");
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (navigator.vibrate) navigator.vibrate(150);
    if (pending || state === "yes") return;
    calls += 1;
    keep(crypto.randomUUID().replaceAll("-", ""));
    show("trying");
    send();
  });
  document.body.dataset.call = state;
  if (pending) send();
  setInterval(look, LOOK_MS);
})();
