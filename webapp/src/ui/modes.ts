/**
 * How this phone behaves: silent (dark, no sound, vibration and chat) and whether prompts are spoken.
 * Choices of this browser, kept here; they say nothing of anybody.
 */

import { Store } from "../store";

function keptSwitch(name: string, otherwise: boolean): Store<boolean> {
  const key = `accompany.${name}`;
  let first = otherwise;
  try {
    first = (localStorage.getItem(key) ?? String(otherwise)) === "true";
  } catch {
    // Without storage a choice lasts as long as the page.
  }
  const store = new Store(first);
  store.watch((value) => {
    try {
      localStorage.setItem(key, String(value));
    } catch {
      // As above.
    }
  });
  return store;
}

export const silent = keptSwitch("silent", false);
export const spoken = keptSwitch("spoken", true);

const DARK = "(prefers-color-scheme: dark)";
/** The rules of the dark scheme, and when they hold by themselves. */
let darkRules: [rule: CSSMediaRule, when: string][] | null = null;

function rulesOfDark(): [CSSMediaRule, string][] {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  return rules
    .filter((rule): rule is CSSMediaRule => rule instanceof CSSMediaRule && rule.media.mediaText.includes(DARK))
    .map((rule) => [rule, rule.media.mediaText]);
}

/** Silent mode is dark whatever the phone prefers. */
function dress(quiet: boolean): void {
  darkRules ??= rulesOfDark();
  for (const [rule, when] of darkRules) rule.media.mediaText = quiet ? "screen" : when;
  document.documentElement.style.colorScheme = quiet ? "dark" : "";
  document.documentElement.toggleAttribute("data-silent", quiet);
}

/** Follows silent mode in the page's colours, from now on. */
export function beginModes(): void {
  silent.watch(dress);
  if (silent.value) dress(true);
}
