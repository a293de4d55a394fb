/** Entries on their way to the server. "Saved" is the server's word alone: until its receipt an entry waits here. */

import { dropEntry, entries, keepEntry } from "./store.js";

const RETRY_MS = 3_000;

/** The device's own lasting name, so that the station can say which device it is. */
export function deviceName() {
  let name = localStorage.getItem("unstuck-device");
  if (!name) {
    name = `d_${crypto.randomUUID()}`;
    localStorage.setItem("unstuck-device", name);
  }
  return name;
}

/** An outbox for one session. `heard(answer)` is told of each answer, `changed(list)` of what waits. */
export class Outbox {
  constructor(place, { post, changed, heard }) {
    Object.assign(this, { place, post, changed, heard });
    this.busy = false;
  }

  /** Keeps a filled-in form as one entry with an id and a time of its own, then tries to send. */
  async add(fields, id) {
    const entry = { id, place: this.place, made: Date.now(), observed_at: new Date().toISOString(), fields, status: "waiting" };
    await keepEntry(entry);
    await this.tell();
    this.send();
    return entry;
  }

  /** What waits or was refused in this session. */
  async mine() {
    return (await entries()).filter((entry) => entry.place === this.place);
  }

  async tell() {
    this.changed(await this.mine());
  }

  /** Sends what waits, in order; anything but an answer leaves it waiting. */
  async send() {
    if (this.busy) return;
    this.busy = true;
    try {
      const waiting = (await this.mine()).filter((entry) => entry.status === "waiting").slice(0, 100);
      if (waiting.length) await this.exchange(waiting);
    } catch {
      setTimeout(() => this.send(), RETRY_MS);
    } finally {
      this.busy = false;
      await this.tell();
    }
  }

  async exchange(waiting) {
    const answer = await this.post("entries/", {
      device: deviceName(),
      sent_at: new Date().toISOString(),
      entries: waiting.map(({ id, observed_at, fields }) => ({ id, kind: "Form", observed_at, what: { fields } })),
    });
    for (const receipt of answer.receipts) {
      if (receipt.status === "saved") await dropEntry(receipt.id);
      else await keepEntry({ ...waiting.find((entry) => entry.id === receipt.id), status: "refused", why: receipt.why, mend: receipt.mend });
    }
    this.heard(answer);
  }

  /** Takes a refused entry back; a person has read why. */
  async forget(id) {
    await dropEntry(id);
    await this.tell();
  }
}
