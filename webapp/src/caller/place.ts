/** What can be open beside the press, and whether it is: known from the link and the browser's own history. */

export type Place = "setup" | "ready" | "rights" | "people" | "mine" | "shared";
const PLACES: readonly Place[] = ["setup", "ready", "rights", "people", "mine", "shared"];

export const placeOf = (state: unknown): Place | null =>
  PLACES.find((place) => place === (state as { place?: unknown } | null)?.place) ?? null;

/** What the page opens with; null is the press. */
export function placeAtOpening(): Place | null {
  // A link that somebody was given: there is nothing to press for.
  return /^#(share|release)=/.test(location.hash) ? "shared" : placeOf(history.state);
}
