/**
 * Where the queue lies on the phone: small files, each written once and durably. OPFS with
 * synchronous access handles (dedicated workers only), IndexedDB where those are missing, memory
 * where there is nothing else (then a crash loses what waited).
 *
 * Not here: what is in a file, and when it may go (queue). Nothing in clear is ever given to it.
 */

import { type Table, openTable } from "./database";

export interface Files {
  /** "memory" promises nothing after this page. */
  readonly where: "opfs" | "database" | "memory";
  folders(): Promise<string[]>;
  names(folder: string): Promise<string[]>;
  /** Returns null where there is no such file. */
  read(folder: string, name: string): Promise<Uint8Array | null>;
  /** Resolves once the file would survive the death of the browser. */
  write(folder: string, name: string, data: Uint8Array): Promise<void>;
  /** Removing what is not there is no error. */
  remove(folder: string, name: string): Promise<void>;
}

const ROOT = "accompany-queue";
const DATABASE = "accompany-queue";

let opened: Promise<Files> | null = null;

/** Returns the best place this worker has, the same one for the whole life of the worker. */
export function openFiles(): Promise<Files> {
  opened ??= (async () => (await openOpfs()) ?? (await openDatabase()) ?? new MemoryFiles())();
  return opened;
}

/** Returns every place in which an earlier life may have left something. */
export async function openPlaces(): Promise<Files[]> {
  const found: (Files | null)[] = [await openOpfs(), await openDatabase()];
  const places = found.filter((one) => one !== null);
  return places.length > 0 ? places : [new MemoryFiles()];
}

class OpfsFiles implements Files {
  readonly where = "opfs";
  constructor(private readonly root: FileSystemDirectoryHandle) {}

  async folders(): Promise<string[]> {
    const found: string[] = [];
    for await (const [name, handle] of this.root.entries()) if (handle.kind === "directory") found.push(name);
    return found.sort();
  }

  async names(folder: string): Promise<string[]> {
    const found: string[] = [];
    try {
      for await (const name of (await this.root.getDirectoryHandle(folder)).keys()) found.push(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return found.sort();
  }

  async read(folder: string, name: string): Promise<Uint8Array | null> {
    try {
      const handle = await (await this.root.getDirectoryHandle(folder)).getFileHandle(name);
      return new Uint8Array(await (await handle.getFile()).arrayBuffer());
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async write(folder: string, name: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
    const directory = await this.root.getDirectoryHandle(folder, { create: true });
    const handle = await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle();
    try {
      handle.truncate(0);
      const written = handle.write(data, { at: 0 });
      if (written !== data.length) throw new DOMException("short write", "QuotaExceededError");
      handle.flush();
    } finally {
      handle.close();
    }
  }

  async remove(folder: string, name: string): Promise<void> {
    try {
      await (await this.root.getDirectoryHandle(folder)).removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

async function openOpfs(): Promise<Files | null> {
  try {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
    const files = new OpfsFiles(root);
    // Handles exist in some browsers whose private mode then refuses to write. The name is its own:
    // two workers that try one file at once lock each other out, and one would believe there is no OPFS.
    const probe = `probe-${crypto.randomUUID()}`;
    await files.write(probe, "probe", new Uint8Array(1));
    await root.removeEntry(probe, { recursive: true });
    return files;
  } catch {
    return null;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotFoundError";
}

class DatabaseFiles implements Files {
  readonly where = "database";
  constructor(private readonly table: Table) {}

  async folders(): Promise<string[]> {
    return [...new Set((await this.table.keys()).map((key) => partsOf(key)[0]))].sort();
  }

  async names(folder: string): Promise<string[]> {
    const keys = await this.table.keys(IDBKeyRange.bound([folder, ""], [folder, "\uffff"]));
    return keys.map((key) => partsOf(key)[1]).sort();
  }

  async read(folder: string, name: string): Promise<Uint8Array | null> {
    const found = await this.table.get([folder, name]);
    return found instanceof Uint8Array ? found : null;
  }

  async write(folder: string, name: string, data: Uint8Array): Promise<void> {
    await this.table.put([folder, name], data);
  }

  async remove(folder: string, name: string): Promise<void> {
    await this.table.delete([folder, name]);
  }
}

function partsOf(key: IDBValidKey): [string, string] {
  const [folder, name] = Array.isArray(key) ? key : [];
  return [String(folder), String(name)];
}

async function openDatabase(): Promise<Files | null> {
  const table = await openTable(DATABASE);
  return table && new DatabaseFiles(table);
}

export class MemoryFiles implements Files {
  readonly where = "memory";
  readonly kept = new Map<string, Map<string, Uint8Array>>();

  async folders(): Promise<string[]> {
    return [...this.kept.keys()].sort();
  }

  async names(folder: string): Promise<string[]> {
    return [...(this.kept.get(folder)?.keys() ?? [])].sort();
  }

  async read(folder: string, name: string): Promise<Uint8Array | null> {
    return this.kept.get(folder)?.get(name) ?? null;
  }

  async write(folder: string, name: string, data: Uint8Array): Promise<void> {
    const files = this.kept.get(folder) ?? new Map<string, Uint8Array>();
    this.kept.set(folder, files.set(name, data.slice()));
  }

  async remove(folder: string, name: string): Promise<void> {
    this.kept.get(folder)?.delete(name);
  }
}
