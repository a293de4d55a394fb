// Passkeys: asks the device, sends what it answers. Without this script a code by e-mail opens the same door.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

function question(asked) {
  const key = { ...asked.publicKey, challenge: bytes(asked.publicKey.challenge) };
  if (key.user) key.user = { ...key.user, id: bytes(key.user.id) };
  if (key.excludeCredentials) key.excludeCredentials = named(key.excludeCredentials);
  if (key.allowCredentials) key.allowCredentials = named(key.allowCredentials);
  return { publicKey: key };
}

function answer(made) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = text(made.response[part]);
  }
  return { id: made.id, rawId: made.id, type: made.type, response, clientExtensionResults: {} };
}

async function post(address, token, body) {
  const sent = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
  });
  if (!sent.ok) throw new Error(String(sent.status));
  return sent.json();
}

async function go(form) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const asked = question(await post(form.dataset.begin, token, {}));
  const made = form.dataset.how === "make" ? await navigator.credentials.create(asked) : await navigator.credentials.get(asked);
  const done = await post(form.dataset.finish, token, answer(made));
  location.assign(done.to);
}

for (const form of document.querySelectorAll("form[data-how]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = form.querySelector("[data-said]");
    said.hidden = true;
    go(form).catch(() => {
      said.hidden = false;
    });
  });
}
