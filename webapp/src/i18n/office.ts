/** The words of the pages for attorneys and coordinators, and of the one that checks packages. */

import type { Words } from "./files";

export const OFFICE: Words = import.meta.glob("./office/*.json", { import: "default" });
