/** What this browser remembers of the last drill: when, and what arrived. Nothing of what was recorded. */

export interface LastDrill {
  /** ms since 1970 UTC */
  readonly at: number;
  readonly arrived: "film" | "sound" | "nothing";
}

/** After this many days a drill is old: phones are updated, and permissions are forgotten. */
export const DRILL_DAYS = 90;
const DAY = 24 * 3600 * 1000;
const KEPT = "accompany.drill";

export const isOld = (drill: LastDrill, now: number): boolean => now - drill.at > DRILL_DAYS * DAY;

export function readDrill(kept: string | null): LastDrill | null {
  try {
    const { at, arrived } = JSON.parse(kept ?? "null") as Partial<Record<keyof LastDrill, unknown>>;
    if (typeof at !== "number" || !Number.isFinite(at)) return null;
    return arrived === "film" || arrived === "sound" || arrived === "nothing" ? { at, arrived } : null;
  } catch {
    return null;
  }
}

export function keptDrill(): LastDrill | null {
  try {
    return readDrill(localStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

export function keepDrill(drill: LastDrill): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(drill));
  } catch {
    // Without storage the drill is forgotten with the page.
  }
}
