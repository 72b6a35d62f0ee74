/** The film of an opened package, to be played in the page. Not here: whether it holds (opened). */

import { readArchive } from "./archive";
import { Findings } from "./findings";
import { mediaPath } from "./layout";
import { Source } from "./source";

/**
 * Returns the film or sound of an opened package that was verified before, or null: a stored one is
 * a slice of the package itself.
 */
export async function filmOf(file: Blob, media: string): Promise<Blob | null> {
  const archive = await readArchive(new Source(file), new Findings());
  const name = [...archive.members.keys()].find((one) => one.endsWith(`/${mediaPath(media)}`));
  const type = media.split(";")[0] ?? "";
  return name === undefined ? null : await archive.blob(name, file, type);
}
