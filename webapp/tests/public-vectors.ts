/** Public test vectors, where there are any: in `$ACCOMPANY_VECTORS`, or beside the project. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = process.env.ACCOMPANY_VECTORS ?? resolve(import.meta.dirname, "../../../shared/vectors");

/** What the file says, or null where it is not here. */
export function publicVectors<T>(...path: string[]): T | null {
  const file = join(FOLDER, ...path);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : null;
}
