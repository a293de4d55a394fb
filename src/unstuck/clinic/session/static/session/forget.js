/** On the page where nobody is signed in: this device forgets the session pages and states that it kept.
 *  Entries that wait stay, bound to who made them: they are sent when that person signs in here. */
"use strict";
(async () => {
  for (const name of (await globalThis.caches?.keys()) ?? []) if (name.startsWith("unstuck-session")) await caches.delete(name);
  const known = (await indexedDB.databases?.()) ?? [];
  if (!known.some((one) => one.name === "unstuck-session")) return;
  const asked = indexedDB.open("unstuck-session");
  asked.onsuccess = () => {
    const database = asked.result;
    if (database.objectStoreNames.contains("kept")) database.transaction("kept", "readwrite").objectStore("kept").clear();
    database.close();
  };
})();
