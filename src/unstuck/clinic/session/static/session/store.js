/** What the device keeps: entries that wait for a receipt, and the last state of each session. IndexedDB, one database.
 *  A device without room, or whose browser gives no database, keeps it in the open page alone, and `keeps()` says so. */

const NAME = "unstuck-session", VERSION = 1, PATIENCE_MS = 5_000;
const inPage = { outbox: new Map(), kept: new Map() }; // what the disk did not take; undefined: what it did not let go
let opened, lasting = true;

/** Whether what was last given to be kept outlives this page. */
export const keeps = () => lasting && ![...inPage.outbox.values()].some(Boolean);

function open() {
  opened ??= connect(); // one that failed is not asked again and again; a reload asks anew
  return opened;
}

function connect() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "id" });
      asked.result.createObjectStore("kept");
    };
    asked.onsuccess = () => {
      opened = Promise.resolve(asked.result); // also when it comes after its time
      asked.result.onclose = () => { opened = undefined; };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
    setTimeout(() => reject(new Error("no database within its time")), PATIENCE_MS); // some browsers never answer
  });
}

async function run(name, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode);
    const asked = act(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** Writes to the disk; where that fails the value stays in the page, in place of what the disk holds under its key. */
async function write(name, key, value, act) {
  try {
    await run(name, "readwrite", act);
    inPage[name].delete(key);
    lasting = true;
  } catch {
    inPage[name].set(key, value);
    lasting = false;
  }
}

/** Keeps an entry until its receipt; the same id replaces itself. Resolves when it is on the disk, or cannot be. */
export const keepEntry = (entry) => write("outbox", entry.id, entry, (store) => store.put(entry));

/** Forgets an entry: only after the server's receipt, or when a person takes a refused one back. */
export const dropEntry = (id) => write("outbox", id, undefined, (store) => store.delete(id));

/** Every entry that waits, in the order in which it was made. */
export async function entries() {
  const onDisk = await run("outbox", "readonly", (store) => store.getAll()).catch(() => []);
  const all = new Map([...onDisk.map((one) => [one.id, one]), ...inPage.outbox]);
  return [...all.values()].filter((one) => one !== undefined).sort((a, b) => a.made - b.made);
}

/** Keeps a value under a name. */
export const keep = (name, value) => write("kept", name, value, (store) => store.put(value, name));

/** Forgets the value under a name. */
export const forgetKept = (name) => write("kept", name, undefined, (store) => store.delete(name));

/** The value under a name, or undefined. */
export async function kept(name) {
  if (inPage.kept.has(name)) return inPage.kept.get(name);
  return run("kept", "readonly", (store) => store.get(name)).catch(() => undefined);
}
