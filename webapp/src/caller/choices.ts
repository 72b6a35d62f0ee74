/**
 * What the caller chose before the press, and which organization this phone trusts: state, language,
 * guest code and pin. They are choices, not an identity; they lie in this browser's storage.
 */

import type { Service } from "../contracts";
import { letsIn } from "../own/kept";

export interface Choices {
  state: string;
  language: string;
  code: string;
}

export type Missing = keyof Choices;

const CODE = /^[A-Z0-9]{4}-?[A-Z0-9]{4}$/;
const PIN = /^[a-z2-7]{32}$/;

type Kept = Missing | "pin";

function keep(name: Kept, value: string): void {
  try {
    localStorage.setItem(`accompany.${name}`, value);
  } catch {
    // Without storage a choice lasts as long as the page.
  }
}

function kept(name: Kept): string | null {
  try {
    return localStorage.getItem(`accompany.${name}`);
  } catch {
    return null;
  }
}

/** A guest code as it is written: capitals, a dash in the middle; null where it is none. */
export function readCode(typed: string): string | null {
  const code = typed.trim().toUpperCase().replace(/[\s–—]+/g, "-");
  if (!CODE.test(code)) return null;
  return code.includes("-") ? code : `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A link's fragment: `#code=XXXX-XXXX&key=<32 base32 characters>`. */
export function readLink(fragment: string): { code: string | null; pin: string | null } {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const pin = fields.get("key")?.toLowerCase() ?? "";
  return { code: readCode(fields.get("code") ?? ""), pin: PIN.test(pin) ? pin : null };
}

/** Takes over what the link says, and returns what is chosen so far ("" where nothing is). */
export function beginChoices(fragment: string): Choices {
  const { code, pin } = readLink(fragment);
  if (code !== null) keep("code", code);
  if (pin !== null) keep("pin", pin);
  return {
    state: kept("state") ?? "",
    language: kept("language") ?? "",
    code: code ?? kept("code") ?? "",
  };
}

export function keepChoices(choices: Choices): void {
  keep("state", choices.state);
  keep("language", choices.language);
  if (readCode(choices.code) !== null) keep("code", choices.code);
}

/** The first thing that is missing for a press, in the order of the page; null when it may begin. */
export function missingOf(choices: Choices, service: Service): Missing | null {
  if (!service.states.includes(choices.state)) return "state";
  if (!service.languages.includes(choices.language)) return "language";
  return readCode(choices.code) === null && !letsIn() ? "code" : null;
}

export const pinned = (): string | null => kept("pin");
export const keepPin = (pin: string): void => keep("pin", pin);
