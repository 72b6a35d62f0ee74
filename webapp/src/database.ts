/**
 * One table of IndexedDB, every write strictly durable: for where there is nothing better. What is
 * kept in it, and whether it may lie there in clear, is not decided here. Pages and workers.
 */

export interface Table {
  get(key: IDBValidKey): Promise<unknown>;
  keys(range?: IDBKeyRange): Promise<IDBValidKey[]>;
  /** Resolves once it would survive the death of the browser. */
  put(key: IDBValidKey, value: unknown): Promise<void>;
  delete(key: IDBValidKey): Promise<void>;
}

const STORE = "kept";

/** Returns the one table of the database `name`; null where the browser gives none. */
export function openTable(name: string): Promise<Table | null> {
  return new Promise((resolve) => {
    if (typeof indexedDB === "undefined") return resolve(null);
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(tableOf(request.result));
    request.onerror = () => resolve(null);
  });
}

function tableOf(database: IDBDatabase): Table {
  const ask = <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = act(transaction.objectStore(STORE));
      // Only `complete` means durable; a request's own success does not.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
      transaction.onerror = () => reject(transaction.error ?? new Error("failed"));
    });
  return {
    get: (key) => ask<unknown>("readonly", (store) => store.get(key) as IDBRequest<unknown>),
    keys: (range) => ask("readonly", (store) => store.getAllKeys(range)),
    put: async (key, value) => void (await ask("readwrite", (store) => store.put(value, key))),
    delete: async (key) => void (await ask("readwrite", (store) => store.delete(key))),
  };
}
