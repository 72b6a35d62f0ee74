/** The words of giving a recording out: loaded when somebody begins it. */

import type { Words } from "./files";

export const DISCLOSURE: Words = import.meta.glob("./disclosure/*.json", { import: "default" });
