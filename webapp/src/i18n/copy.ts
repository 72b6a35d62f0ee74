/** The words of making a public copy: loaded when somebody begins one. */

import type { Words } from "./files";

export const COPY: Words = import.meta.glob("./copy/*.json", { import: "default" });
