/**
 * Small readers for what comes through the door as `unknown`. Each returns the value typed or throws
 * `BrokenMessage`, which says where it differs. What the messages mean is not here.
 */

export class BrokenMessage extends Error {
  constructor(
    readonly where: string,
    readonly expected: string,
  ) {
    super(`${where}: expected ${expected}`);
    this.name = "BrokenMessage";
  }
}

export type Read<T> = (value: unknown, where: string) => T;
type Fields = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const string: Read<string> = (value, where) => {
  if (typeof value !== "string") throw new BrokenMessage(where, "a text");
  return value;
};

export const boolean: Read<boolean> = (value, where) => {
  if (typeof value !== "boolean") throw new BrokenMessage(where, "true or false");
  return value;
};

/** A count: whole, not negative, and exact in a double. */
export const count: Read<number> = (value, where) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new BrokenMessage(where, "a count");
  }
  return value as number;
};

export const matching =
  (pattern: RegExp, what: string): Read<string> =>
  (value, where) => {
    const text = string(value, where);
    if (!pattern.test(text)) throw new BrokenMessage(where, what);
    return text;
  };

export const word =
  <T extends string>(...words: readonly T[]): Read<T> =>
  (value, where) => {
    const found = words.find((each) => each === value);
    if (found === undefined) throw new BrokenMessage(where, words.join(" or "));
    return found;
  };

export const orNull =
  <T>(read: Read<T>): Read<T | null> =>
  (value, where) =>
    value === null ? null : read(value, where);

export const list =
  <T>(read: Read<T>): Read<T[]> =>
  (value, where) => {
    if (!Array.isArray(value)) throw new BrokenMessage(where, "a list");
    return value.map((each: unknown, at) => read(each, `${where}[${at}]`));
  };

/** Every field named is read; others are let through unread, so that a newer server can add some. */
export const record =
  <T extends object>(fields: { readonly [K in keyof T]: Read<T[K]> }): Read<T> =>
  (value, where) => {
    if (!isRecord(value)) throw new BrokenMessage(where, "an object");
    const found: Partial<T> = {};
    for (const name of Object.keys(fields) as (keyof T & string)[]) {
      found[name] = fields[name](value[name], `${where}.${name}`);
    }
    return found as T;
  };

/** A list whose broken items are left out: one bad entry must not hide the rest. */
export const listItemByItem =
  <T>(read: Read<T>): Read<T[]> =>
  (value, where) => {
    if (!Array.isArray(value)) throw new BrokenMessage(where, "a list");
    return value.flatMap((each: unknown, at) => {
      try {
        return [read(each, `${where}[${at}]`)];
      } catch (error) {
        if (error instanceof BrokenMessage) return [];
        throw error;
      }
    });
  };

export const id32 = matching(/^[a-z2-7]{32}$/, "32 characters a-z2-7");
export const time = matching(
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/,
  "a time like 2026-11-21T20:14:03.120Z",
);
export const hex64 = matching(/^[0-9a-f]{64}$/, "64 hex digits");
