/** The languages an attorney speaks on duty, kept in this browser: they are no part of the card. */

const KEPT = "accompany.duty-languages";

/** What was chosen, of those offered; all that the browser's user reads, where nothing was. */
export function keptLanguages(offered: readonly string[]): string[] {
  let kept: string[];
  try {
    kept = (localStorage.getItem(KEPT) ?? "").split(" ").filter((tag) => offered.includes(tag));
  } catch {
    kept = [];
  }
  if (kept.length > 0) return kept;
  const read = navigator.languages.map((tag) => tag.split("-")[0] ?? tag);
  const found = offered.filter((tag) => read.includes(tag) || navigator.languages.includes(tag));
  return found.length > 0 ? found : offered.slice(0, 1);
}

export function keepLanguages(tags: readonly string[]): void {
  try {
    localStorage.setItem(KEPT, tags.join(" "));
  } catch {
    // Without storage they are asked for again.
  }
}
