/**
 * JSON as both verifiers read it (RFC 8259): no deeper than sixty-four brackets, since every parser
 * gives up somewhere, each at its own. Twin of `read_json` in src/accompany/evidence/verify_files.py.
 */

const DEPTH = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns what `data` says in JSON, or undefined for what is none, or too deep to read. */
export function readJson(data: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    return depth(text) > DEPTH ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function depth(text: string): number {
  let [now, deepest, quoted] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (quoted) {
      if (mark === "\\") at += 1;
      else if (mark === '"') quoted = false;
    } else if (mark === '"') quoted = true;
    else if (mark === "[" || mark === "{") deepest = Math.max(deepest, ++now);
    else if (mark === "]" || mark === "}") now -= 1;
  }
  return deepest;
}
