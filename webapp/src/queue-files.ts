/**
 * Where the queue lies on the phone: small files, each written once and durably. OPFS with
 * synchronous access handles (dedicated workers only; a service worker has slower ones), IndexedDB where those are missing, memory
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
  /** Resolves once the file would survive the death of the browser, and of the phone unless that was *loose*. */
  write(folder: string, name: string, data: Uint8Array, loose?: boolean): Promise<void>;
  /** Opens a file that is written soon: opening takes longer than writing. Left alone, it is there, empty. */
  ahead(folder: string, name: string): void;
  /** Removing what is not there is no error. */
  remove(folder: string, name: string): Promise<void>;
  /**
   * Takes so many bytes of the quota for later, or gives them back with 0; false where there is no room.
   * What a browser says of its quota is made up (Chromium: always ten gigabytes more than is used).
   */
  reserve(bytes: number): Promise<boolean>;
}

const ROOT = "accompany-queue";
const RESERVE = "reserve";
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
  /** folders written to: each way there and back to the browser is a moment in which a kill takes more */
  private readonly known = new Map<string, FileSystemDirectoryHandle>();
  /** files that were opened ahead, by folder and name; null where that failed */
  private readonly open = new Map<string, Promise<FileSystemSyncAccessHandle | null>>();
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

  ahead(folder: string, name: string): void {
    const path = `${folder}/${name}`;
    if (!canSync() || this.open.has(path)) return;
    const opening = this.fileIn(folder, name).then((file) => file.createSyncAccessHandle());
    this.open.set(path, opening.catch(() => null));
  }

  async write(folder: string, name: string, data: Uint8Array<ArrayBuffer>, loose = false): Promise<void> {
    const path = `${folder}/${name}`;
    const ahead = await this.open.get(path);
    this.open.delete(path);
    const file = ahead ? null : await this.fileIn(folder, name);
    if (file && !canSync()) return await replace(file, data);
    const handle = ahead ?? (await (file as FileSystemFileHandle).createSyncAccessHandle());
    try {
      handle.truncate(0);
      const written = handle.write(data, { at: 0 });
      if (written !== data.length) throw new DOMException("short write", "QuotaExceededError");
      if (!loose) handle.flush();
    } finally {
      handle.close();
    }
  }

  private async fileIn(folder: string, name: string): Promise<FileSystemFileHandle> {
    try {
      const known = this.known.get(folder);
      if (known) return await known.getFileHandle(name, { create: true });
    } catch (error) {
      if (!isMissing(error)) throw error; // somebody else removed the folder: it is made again
    }
    const directory = await this.root.getDirectoryHandle(folder, { create: true });
    this.known.set(folder, directory);
    return await directory.getFileHandle(name, { create: true });
  }

  async reserve(bytes: number): Promise<boolean> {
    const file = await this.root.getFileHandle(RESERVE, { create: true });
    if (!canSync()) return true;
    let handle: FileSystemSyncAccessHandle;
    try {
      handle = await file.createSyncAccessHandle();
    } catch {
      return true; // another page looks after it just now
    }
    try {
      handle.truncate(bytes);
      return true;
    } catch {
      return false;
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

/** A service worker has no synchronous handles, and some browsers have none at all. */
function canSync(): boolean {
  return "createSyncAccessHandle" in FileSystemFileHandle.prototype;
}

/** Written beside it and put in its place when closed: whole, or as it was. */
async function replace(file: FileSystemFileHandle, data: Uint8Array<ArrayBuffer>): Promise<void> {
  const writable = await file.createWritable();
  await writable.write(data);
  await writable.close();
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

  ahead(): void {} // a table has nothing to open

  async remove(folder: string, name: string): Promise<void> {
    await this.table.delete([folder, name]);
  }

  reserve(): Promise<boolean> {
    return Promise.resolve(true);
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

  ahead(): void {}

  async remove(folder: string, name: string): Promise<void> {
    this.kept.get(folder)?.delete(name);
  }

  reserve(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
