/** The words of telling people: loaded with its pages, and at a press where there is somebody to tell. */

import type { Words } from "./files";

export const PEOPLE: Words = import.meta.glob("./people/*.json", { import: "default" });
