/** What a drill says of itself, and the note by which it asks for its own deletion. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { expect, test } from "vitest";
import { deletionNote } from "../../src/deletion";
import { resultOf } from "../../src/caller/drill";
import type { RecorderState } from "../../src/contracts";
import { Note, Verifier } from "../../src/evidence/notes";

const SAFE: RecorderState = {
  ...({} as RecorderState),
  recording: "a".repeat(32),
  kind: "film",
  phase: "finished",
  seconds: 10.2,
  waiting: 0,
  problem: null,
};

test("it has arrived when nothing waits any more", () => {
  expect(resultOf(SAFE)).toEqual({ is: "arrived", kind: "film", due: null });
  expect(resultOf({ ...SAFE, kind: "sound" })).toEqual({ is: "arrived", kind: "sound", due: null });
});

test.each([
  [{ kind: "notes" }, "devices"],
  [{ waiting: 1 }, "sending"],
  [{ phase: "finishing" }, "sending"],
  [{ seconds: 0 }, "recorder"],
  [{ kind: null, phase: "failed" }, "recorder"],
] as const)("with %o it failed: %s", (changed, why) => {
  expect(resultOf({ ...SAFE, ...changed })).toMatchObject({ is: "failed", why });
});

test("the note is in its form, by the recording's deletion key", () => {
  const key = new Uint8Array(32).fill(7);
  const note = Note.parse(deletionNote(SAFE.recording ?? "", key, 1_795_000_000_123));
  const name = `recording/${SAFE.recording}/deletion`;
  expect(note.text).toBe(`accompany/deletion/v1\nrecording ${SAFE.recording}\ntime 2026-11-18T11:06:40.123Z\n`);
  expect(note.signatures.map((each) => each.name)).toEqual([name]);
  expect(new Verifier(name, ed25519.getPublicKey(key)).name).toBe(name);
});
