// The station's board: counts down between renewals, renews itself without moving anything under a hand, and rings.
// What is due, what rings and for whom is decided by the server; nothing here hides or silences an alarm.
"use strict";
(() => {
  const EVERY_MS = 5000, STALE_MS = 15000;
  const SOUND_KEY = "unstuck.station.sound";
  const board = document.getElementById("board");
  const stale = document.getElementById("stale");
  let offsetMs = 0, renewed = Date.now(), pressed = false, audio = null, rungAt = 0, rungFor = "";

  const state = () => document.getElementById("board-now");
  const now = () => Date.now() + offsetMs;
  const clockOf = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

  function setClock() {
    const at = state() && Date.parse(state().dataset.now);
    if (at) offsetMs = at - Date.now();
  }

  function countText(ms) {
    const s = Math.floor(Math.abs(ms) / 1000), two = (n) => String(n).padStart(2, "0");
    return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))}`;
  }

  function count() {
    for (const one of board.querySelectorAll("time[data-counts]")) {
      const words = countText(Date.parse(one.dateTime) - now());
      if (one.textContent !== words) one.textContent = words;
    }
  }

  // A fragment that re-sorts waits while a field has focus or a finger is down.
  function held() {
    const on = document.activeElement;
    return pressed || (on && board.contains(on) && on.matches("input, select, textarea"));
  }

  function tick() {
    if (!held() && window.htmx) window.htmx.trigger(board, "tick");
    const silent = Date.now() - renewed > STALE_MS;
    if (stale) {
      stale.hidden = !silent;
      if (silent) document.getElementById("stale-since").textContent = clockOf(renewed + offsetMs);
    }
  }

  // Tones are made here, without a file: act now, two high pulses again and again; late, one falling pair each minute;
  // not heard, one low tone each minute.
  const TONES = { now: [[880, 0], [988, 0.25], [880, 0.7], [988, 0.95]], late: [[660, 0], [520, 0.3]], silent: [[330, 0]] };
  const AGAIN_MS = { now: 2500, late: 60000, silent: 60000 };

  function sound(kind) {
    for (const [hertz, after] of TONES[kind]) {
      const tone = audio.createOscillator(), loud = audio.createGain(), start = audio.currentTime + after;
      tone.frequency.value = hertz;
      loud.gain.setValueAtTime(0.0001, start);
      loud.gain.exponentialRampToValueAtTime(0.4, start + 0.03);
      loud.gain.exponentialRampToValueAtTime(0.0001, start + 0.22);
      tone.connect(loud).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    }
  }

  function ring() {
    const kind = state() ? state().dataset.rings : "";
    const lost = stale && !stale.hidden ? "silent" : "";
    const wanted = kind || lost;
    document.body.dataset.rings = wanted;
    if (wanted !== rungFor) rungAt = 0;
    rungFor = wanted;
    if (!wanted || Date.now() - rungAt < AGAIN_MS[wanted]) return;
    rungAt = Date.now();
    const touched = navigator.userActivation?.hasBeenActive !== false; // before that a browser refuses, and complains
    if (navigator.vibrate && touched) navigator.vibrate(wanted === "now" ? [300, 120, 300] : 200);
    if (audio && audio.state === "running") {
      sound(wanted);
      document.body.dataset.rung = String(Number(document.body.dataset.rung || 0) + 1);
    }
  }

  function showSound() {
    const allow = document.getElementById("sound");
    if (!allow) return;
    const on = Boolean(audio && audio.state === "running");
    allow.hidden = on;
    document.getElementById("sound-on").hidden = !on;
    const off = document.getElementById("sound-off");
    off.hidden = on;
    off.textContent = allow.dataset.off || off.textContent;
  }

  async function allowSound() {
    const Audio = window.AudioContext || window.webkitAudioContext;
    if (!Audio) return;
    audio = audio || new Audio();
    await audio.resume();
    audio.onstatechange = showSound;
    try { localStorage.setItem(SOUND_KEY, "yes"); } catch (_) { /* a browser that keeps nothing asks again */ }
    showSound();
    ring();
  }

  document.addEventListener("DOMContentLoaded", () => {
    setClock();
    const allow = document.getElementById("sound");
    if (allow) {
      allow.addEventListener("click", allowSound);
      const before = (() => { try { return localStorage.getItem(SOUND_KEY); } catch (_) { return null; } })();
      // A browser lets a page sound after one touch only: any touch will do where sound was allowed before.
      if (before) document.addEventListener("pointerdown", allowSound, { once: true });
    }
    showSound();
    document.addEventListener("pointerdown", () => { pressed = true; });
    for (const up of ["pointerup", "pointercancel"]) document.addEventListener(up, () => { setTimeout(() => { pressed = false; }, 300); });
    // An answer that was on its way when the finger came down waits too: the next look brings it.
    board.addEventListener("htmx:beforeSwap", (event) => {
      const isBoard = event.detail.serverResponse.includes('id="board-now"'); // and no page of something before the server
      if (held() || !isBoard) event.detail.shouldSwap = false;
    });
    board.addEventListener("htmx:afterSwap", () => { renewed = Date.now(); setClock(); count(); ring(); });
    setInterval(count, 1000);
    setInterval(ring, 500);
    setInterval(tick, EVERY_MS);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  });
})();
