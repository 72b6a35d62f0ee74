/** The files of the one folder in a ZIP, by their path in it; others are findings. */

import { DoesNotHold } from "../errors";
import type { Archive } from "./archive";
import type { Files } from "./contents";
import { type Findings, byCharacter } from "./findings";
import { BAGIT } from "./layout";

export class ZippedBag implements Files {
  readonly folder: string;
  private readonly names = new Map<string, string>();

  constructor(
    private readonly archive: Archive,
    findings: Findings,
  ) {
    this.folder = folderOf(archive);
    for (const name of archive.members.keys()) {
      const [folder, path] = split(name);
      if (folder === this.folder && path !== "") this.names.set(path, name);
      else findings.add("zip-folder", name, `a name beginning with ${this.folder}/`, name);
    }
  }

  sizes(): ReadonlyMap<string, number> {
    return new Map([...this.names].map(([path, name]) => [path, this.archive.members.get(name)?.size ?? 0]));
  }

  chunks(path: string): AsyncGenerator<Uint8Array> {
    return this.archive.chunks(this.nameOf(path));
  }

  whole(path: string): Promise<{ data: Uint8Array; damage: DoesNotHold | null }> {
    return this.archive.whole(this.nameOf(path));
  }

  private nameOf(path: string): string {
    const name = this.names.get(path);
    if (name === undefined) throw new DoesNotHold(path, "an entry", "none");
    return name;
  }
}

function split(name: string): [string, string] {
  const at = name.indexOf("/");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}

/** The folder with bagit.txt in it; else the one most names begin with. */
function folderOf(archive: Archive): string {
  const folders = new Map<string, number>();
  for (const name of archive.members.keys()) {
    const [folder] = split(name);
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const bags = [...folders.keys()].filter((folder) => archive.members.has(`${folder}/${BAGIT}`)).sort(byCharacter);
  const [bag] = bags;
  if (bag !== undefined) return bag;
  let best: [string, number] = ["", 0];
  for (const entry of folders) if (entry[1] > best[1]) best = entry;
  return best[0];
}
