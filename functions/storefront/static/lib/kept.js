// What stays on the phone when the app is closed: small things as JSON, and tables in IndexedDB.

export const small = {
  get(name) {
    try {
      return JSON.parse(localStorage.getItem(`retailscan.${name}`));
    } catch {
      return null;
    }
  },
  set(name, value) {
    if (value === null) localStorage.removeItem(`retailscan.${name}`);
    else localStorage.setItem(`retailscan.${name}`, JSON.stringify(value));
  },
  /** Told of what another tab has put there. */
  watch(name, changed) {
    addEventListener("storage", ({ key }) => key === `retailscan.${name}` && changed(small.get(name)));
  },
};

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("retailscan", 1);
    request.onupgradeneeded = () => {
      // `order` keeps lines in the order in which they were scanned.
      request.result.createObjectStore("queue", { keyPath: "order", autoIncrement: true });
      request.result.createObjectStore("snapshots", { keyPath: "storeId" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run(table, mode, work) {
  const transaction = (await database()).transaction(table, mode, { durability: "strict" });
  const request = work(transaction.objectStore(table));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** A table; each call is one transaction that is on the disk when it returns. */
export function table(name) {
  return {
    all: () => run(name, "readonly", (store) => store.getAll()),
    get: (key) => run(name, "readonly", (store) => store.get(key)),
    put: (value) => run(name, "readwrite", (store) => store.put(value)),
    drop: (key) => run(name, "readwrite", (store) => store.delete(key)),
    clear: () => run(name, "readwrite", (store) => store.clear()),
  };
}
