/** Entries on their way to the server. "Saved" is the server's word alone: until its receipt an entry waits here. */

import { dropEntry, entries, keepEntry } from "./store.js";

const RETRY_MS = 3_000, MOST = 100, NOT_THIS = [400, 413, 500]; // answers that one entry of several may have brought about

const names = new Map();

/** A name that outlives the page; on a device that has no room for it, one of this page. */
function lasting(storage, name, make) {
  if (!names.has(name)) names.set(name, storage.getItem(name) ?? make());
  try {
    storage.setItem(name, names.get(name));
  } catch {
    // the device is full: the page goes by the name that it has
  }
  return names.get(name);
}

/** The name of this device and tab: two tabs of one tablet are two watchers, of which one may be hidden. */
export function deviceName() {
  const device = lasting(localStorage, "unstuck-device", () => `d_${crypto.randomUUID()}`);
  return `${device}_${lasting(sessionStorage, "unstuck-tab", () => crypto.randomUUID().slice(0, 8))}`;
}

/** An outbox for one session and one person. `changed(mine, others)` is told what waits, `heard(answer)` of each answer. */
export class Outbox {
  constructor(place, who, { post, changed, heard }) {
    Object.assign(this, { place, who, post, changed, heard });
    this.busy = false;
    this.again = false;
  }

  /** Keeps a filled-in form as one entry with an id and a time of its own, then tries to send. */
  async add(fields, id) {
    const made = Date.now(), observed_at = new Date(made).toISOString();
    await keepEntry({ id, place: this.place, who: this.who, made, observed_at, fields, status: "waiting" });
    await this.tell();
    this.send();
  }

  /** What this person entered in this session and has no receipt for. Nobody's entry is sent under another's name. */
  async mine() {
    return (await entries()).filter((entry) => entry.place === this.place && entry.who === this.who);
  }

  async tell() {
    const here = (await entries()).filter((entry) => entry.place === this.place);
    const mine = here.filter((entry) => entry.who === this.who);
    this.changed(mine, here.length - mine.length);
  }

  /** Sends what waits, in order; anything but an answer leaves it waiting. What comes while it sends goes after it. */
  async send() {
    this.again = this.busy;
    if (this.busy) return;
    this.busy = true;
    try {
      const waiting = (await this.mine()).filter((entry) => entry.status === "waiting").slice(0, MOST);
      if (waiting.length) await this.exchange(waiting).catch((wrong) => this.apart(waiting, wrong));
      this.again ||= waiting.length === MOST;
    } catch {
      setTimeout(() => this.send(), RETRY_MS);
    } finally {
      this.busy = false;
      await this.tell();
      if (this.again) this.send();
    }
  }

  /** Sends each entry by itself where the server cannot take them together, so that one holds up no other. */
  async apart(waiting, wrong) {
    if (waiting.length === 1 || !NOT_THIS.includes(wrong.status)) throw wrong;
    const left = [];
    for (const entry of waiting) await this.exchange([entry]).catch((failed) => { if (!NOT_THIS.includes(failed.status)) throw failed; left.push(failed); });
    if (left.length) throw left[0];
  }

  async exchange(waiting) {
    const answer = await this.post("entries/", {
      device: deviceName(),
      who: this.who,
      sent_at: new Date().toISOString(),
      entries: waiting.map(({ id, observed_at, fields }) => ({ id, kind: "Form", observed_at, what: { fields } })),
    });
    for (const receipt of answer.receipts) {
      const entry = waiting.find((one) => one.id === receipt.id);
      if (receipt.status === "saved") await dropEntry(receipt.id);
      else if (entry) await keepEntry({ ...entry, status: "refused", why: receipt.why, mend: receipt.mend });
    }
    await this.tell();
    this.heard(answer);
  }

  /** Takes a refused entry back; a person has read why. */
  async forget(id) {
    await dropEntry(id);
    await this.tell();
  }
}
