/** The words of set-up, drill, readiness and the frame of the rights cards: loaded with them. */

import type { Words } from "./files";

export const SETUP: Words = import.meta.glob("./setup/*.json", { import: "default" });
