/** The words of coming in and of one's own account: loaded with the pages of people who work here. */

import type { Words } from "./files";

export const ACCOUNT: Words = import.meta.glob("./account/*.json", { import: "default" });
