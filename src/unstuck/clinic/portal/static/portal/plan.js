// A copy of the safety plan on this device, if the person asks for one: shown below the exercises, without a network too.
"use strict";

const PLACE = "unstuck-plan";

function kept() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) || [];
  } catch {
    return [];
  }
}

const lines = (block) => [...block.querySelectorAll("h2, p.wrap")].map((one) => [one.tagName === "H2", one.innerText]);

function keeping(box, plan) {
  const show = () => {
    const there = kept().length > 0;
    for (const part of box.querySelectorAll("[data-kept], [data-act=drop]")) part.hidden = !there;
  };
  const keep = () => localStorage.setItem(PLACE, JSON.stringify(lines(plan)));
  if (kept().length) keep(); // the copy is as new as the page
  box.querySelector("[data-act=keep]").addEventListener("click", () => (keep(), show()));
  box.querySelector("[data-act=drop]").addEventListener("click", () => (localStorage.removeItem(PLACE), show()));
  box.hidden = false;
  show();
}

function showing(box) {
  const into = box.querySelector("[data-into]"), told = kept();
  for (const [asks, words] of told) {
    const line = document.createElement(asks ? "h3" : "p");
    line.className = asks ? "h4" : "wrap";
    line.innerText = words;
    into.append(line);
  }
  box.querySelector("[data-act=drop]").addEventListener("click", () => {
    localStorage.removeItem(PLACE);
    box.hidden = true;
  });
  box.hidden = told.length === 0;
}

const box = document.querySelector("[data-keep]"), plan = document.querySelector("[data-plan]");
const here = document.querySelector("[data-plan-here]");
if (box && plan) keeping(box, plan);
if (document.querySelector("[data-plan-gone]")) localStorage.removeItem(PLACE); // taken out there: the copy goes too
if (here) showing(here);
