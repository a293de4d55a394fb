// Keeps the page of exercises on this device, so that it opens without a network. It holds no person's data.
"use strict";

if ("serviceWorker" in navigator) {
  navigator.serviceWorker
    .register("/me/calm/keeper.js", { scope: "/me/calm/" })
    .then(() => navigator.serviceWorker.ready)
    .then(() => {
      document.querySelector("[data-kept]").hidden = false;
    })
    .catch(() => {});
}
