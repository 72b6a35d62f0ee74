/** The words of a caller's own key and recordings: loaded when somebody opens them. */

import type { Words } from "./files";

export const OWN: Words = import.meta.glob("./own/*.json", { import: "default" });
