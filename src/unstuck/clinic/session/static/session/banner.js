/** The condition of this device, in words that cannot be closed: offline, entries that wait, a clock that is off. */

function line(className, lead, rest, actions = []) {
  const box = document.createElement("div");
  box.className = `banner ${className}`;
  const text = document.createElement("div"), bold = document.createElement("b");
  bold.textContent = lead;
  text.append(bold, document.createElement("br"), rest);
  box.append(text, ...actions);
  return box;
}

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "b";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

function link(words, address) {
  const made = document.createElement("a");
  made.className = "b";
  made.href = address;
  made.textContent = words;
  return made;
}

const clock = (moment) => new Date(moment).toTimeString().slice(0, 5);

/** A difference in words, such as "4 min 10 s ahead". */
function lapse(seconds, says) {
  const s = Math.round(Math.abs(seconds)), far = s >= 3600 ? `${Math.floor(s / 3600)} h ` : "";
  const near = s >= 60 ? `${Math.floor((s % 3600) / 60)} min ` : "";
  return `${far}${near}${s % 60} s ${seconds > 0 ? says.ahead : says.behind}`;
}

/** Every line that the device owes its reader now. */
export function lines({ offlineSince, signedOut, waiting, others, refused, offsetS, limitS, soundNeeded, keeps }, acts, says) {
  const shown = [];
  if (signedOut) shown.push(line("", says.signedOut, says.signInAgain, [link(says.signIn, `/people/sign-in/?next=${location.pathname}`)]));
  if (offlineSince) shown.push(line("", says.offline.replace("%", clock(offlineSince)), keeps ? says.alarmsHere : says.onlyHere));
  if (waiting.length) shown.push(line("", says.waiting.replace("%", waiting.length), keeps ? says.savedMeans : says.onlyHere, [button(says.sendNow, acts.send)]));
  if (!keeps) shown.push(line("banner-unk", says.keepsNothing, says.keepsNothingMeans));
  if (others) shown.push(line("banner-unk", says.others.replace("%", others), says.othersMeans));
  for (const entry of refused) {
    shown.push(line("banner-refused", `${says.refused} ${entry.why}`, entry.mend, [button(says.takeBack, () => acts.forget(entry.id))]));
  }
  if (Math.abs(offsetS) > limitS) shown.push(line("banner-unk", says.clock.replace("%", lapse(offsetS, says)), says.clockMeans));
  if (soundNeeded) shown.push(line("banner-info", says.sound, says.soundMeans, [button(says.allowSound, acts.allowSound)]));
  return shown;
}
