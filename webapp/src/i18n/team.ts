/** The words of a coordinator's people: invited, active, gone. */

import type { Words } from "./files";

export const TEAM: Words = import.meta.glob("./team/*.json", { import: "default" });
