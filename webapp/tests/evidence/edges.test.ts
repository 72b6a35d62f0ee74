/** What our notes say of the C2SP edge cases; tests/evidence/test_ed25519_edges.py says the same. */

import { describe, expect, test } from "vitest";
import { DoesNotHold } from "../../src/errors";
import { Verifier, checkPublicKey } from "../../src/evidence/notes";
import { utf8 } from "../../src/evidence/text";
import { publicVectors } from "../public-vectors";

interface Case {
  number: number;
  key: string;
  sig: string;
  msg: string;
  flags: string[] | null;
}

const cases = publicVectors<Case[]>("ed25519", "ed25519vectors.json");
const unhex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe.skipIf(!cases)("the C2SP edge cases", () => {
  test("low order and non-canonical are refused, and the rest is judged without cofactor", () => {
    for (const { number, key, sig, msg, flags } of cases ?? []) {
      const has = (...names: string[]) => names.some((name) => flags?.includes(name));
      if (has("low_order_A", "non_canonical_A")) {
        expect(() => checkPublicKey(unhex(key)), String(number)).toThrow(DoesNotHold);
        continue;
      }
      const held = new Verifier("x", checkPublicKey(unhex(key))).holds(utf8(msg), unhex(sig));
      expect(held, String(number)).toBe(!has("low_order_residue", "non_canonical_R"));
    }
  });
});
