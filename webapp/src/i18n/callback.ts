/** The words of numbers left to be called back on: on the caller's page loaded when one may be left. */

import type { Words } from "./files";

export const CALLBACK: Words = import.meta.glob("./callback/*.json", { import: "default" });
