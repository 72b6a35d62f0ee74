/** Guest codes as the desk has them: listed, made, replaced, changed; a code itself is told once. */

import { ask } from "../service";
import { boolean, count, list, orNull, record, string, time } from "../shape";

export interface Code {
  id: string;
  name: string;
  made: string;
  ends: string | null;
  good: boolean;
  /** encounters a minute, 0: as the setting says */
  a_minute: number;
  /** what counts */
  limit: number;
  /** encounters in the last minute */
  came: number;
}

/** A new code, which is shown once, and all of them. */
export interface Made {
  code: string;
  codes: Code[];
}

const readCodes = list(
  record<Code>({
    id: string,
    name: string,
    made: time,
    ends: orNull(time),
    good: boolean,
    a_minute: count,
    limit: count,
    came: count,
  }),
);
const readMade = record<Made>({ code: string, codes: readCodes });

const CODES = "/api/desk/codes";

export const fetchCodes = (): Promise<Code[]> => ask(readCodes, CODES);
export const makeCode = (name: string, aMinute: number): Promise<Made> =>
  ask(readMade, CODES, "POST", { name, a_minute: aMinute });
export const replaceCode = ({ id }: Code, days: number): Promise<Made> =>
  ask(readMade, `${CODES}/${id}/replacements`, "POST", { days });

/** Keeps a code's name, limit and end as they are in `code`: also what undoes a change. */
export const keepCode = ({ id, name, a_minute, ends }: Code): Promise<Code[]> =>
  ask(readCodes, `${CODES}/${id}`, "PUT", { name, a_minute, ends });

/** What takes a replacement back: the old code is as it was, the new one lets nobody in. */
export async function takeBack(before: readonly Code[], now: string): Promise<Code[]> {
  const known = new Set(before.map(({ id }) => id));
  const fresh = (await fetchCodes()).filter(({ id }) => !known.has(id));
  for (const one of fresh) await keepCode({ ...one, name: `${one.name} (undone)`.slice(0, 120), ends: now });
  let codes = await fetchCodes();
  for (const one of before) {
    const is = codes.find(({ id }) => id === one.id);
    if (is !== undefined && (is.ends !== one.ends || is.name !== one.name)) codes = await keepCode(one);
  }
  return codes;
}
