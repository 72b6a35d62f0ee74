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
const STATE = /^[A-Z]{2}$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/;

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
  // Copied from where it is shown, it comes with what keeps it in one piece, and in its direction.
  const code = typed.replace(/\p{Cf}/gu, "").trim().toUpperCase().replace(/[\s–—]+/g, "-");
  if (!CODE.test(code)) return null;
  return code.includes("-") ? code : `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** What a link says; null where it says nothing, or nothing in form. */
export interface Link {
  code: string | null;
  pin: string | null;
  state: string | null;
  language: string | null;
}

/** A link's fragment: `#code=XXXX-XXXX&key=<32 base32 characters>`, and perhaps `&state=TX&language=es`. */
export function readLink(fragment: string): Link {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const inForm = (name: string, form: RegExp): string | null => {
    const value = fields.get(name) ?? "";
    return form.test(value) ? value : null;
  };
  const pin = fields.get("key")?.toLowerCase() ?? "";
  return {
    code: readCode(fields.get("code") ?? ""),
    pin: PIN.test(pin) ? pin : null,
    state: inForm("state", STATE),
    language: inForm("language", LANGUAGE),
  };
}

/** The fragment that `readLink` reads; what is not chosen is left out. */
export function writeLink({ code, state, language }: Choices, pin: string | null): string {
  const all = Object.entries({ code: readCode(code) ?? "", key: pin ?? "", state, language });
  return `#${new URLSearchParams(all.filter(([, value]) => value !== ""))}`;
}

/** Takes over what the link says, and returns what is chosen so far ("" where nothing is). */
export function beginChoices(fragment: string): Choices {
  const link = readLink(fragment);
  const take = (name: Kept): string => {
    const said = link[name];
    if (said !== null) keep(name, said);
    return said ?? kept(name) ?? "";
  };
  take("pin");
  return { state: take("state"), language: take("language"), code: take("code") };
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
