/** What the device keeps: entries that wait for a receipt, and the last state of each session. IndexedDB, one database. */

const NAME = "unstuck-session", VERSION = 1;
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "id" });
      asked.result.createObjectStore("kept");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
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

/** Keeps an entry until its receipt; the same id replaces itself. Resolves when it is on the disk. */
export const keepEntry = (entry) => run("outbox", "readwrite", (store) => store.put(entry));

/** Forgets an entry: only after the server's receipt, or when a person takes a refused one back. */
export const dropEntry = (id) => run("outbox", "readwrite", (store) => store.delete(id));

/** Every entry that waits, in the order in which it was made. */
export const entries = async () => (await run("outbox", "readonly", (store) => store.getAll())).sort((a, b) => a.made - b.made);

/** Keeps a value under a name. */
export const keep = (name, value) => run("kept", "readwrite", (store) => store.put(value, name));

/** Forgets the value under a name. */
export const forgetKept = (name) => run("kept", "readwrite", (store) => store.delete(name));

/** The value under a name, or undefined. */
export const kept = (name) => run("kept", "readonly", (store) => store.get(name));
