/** The words of the coordinators' page. */

import type { Words } from "./files";

export const DESK: Words = import.meta.glob("./desk/*.json", { import: "default" });
