import { beforeEach, describe, expect, test } from "vitest";
import { Device, type Keys, makeKeys } from "../src/device";
import { DoesNotHold, Malformed, OutOfOrder } from "../src/errors";
import { openNote, recordingVerifierOf } from "./reading";
import { openFollowing, openOpening } from "../src/evidence/statements";
import { readUtf8, writeHex, writeTime } from "../src/evidence/text";
import { sha256 } from "@noble/hashes/sha2.js";
import { type AgeKeys, checkHeader, generateAgeKeys, opener } from "../src/seal/age";

const TIME = Date.UTC(2026, 10, 21, 20, 14);
const ENCOUNTER = "e".repeat(32);
const at = (offset: number) => ({ time: TIME + offset, offset });

let holder: AgeKeys;
let keys: Keys;
let device: Device;

beforeEach(async () => {
  holder = await generateAgeKeys();
  keys = await makeKeys([holder.recipient]);
  const purpose = { kind: "film", media: "video/mp4", encounter: ENCOUNTER, log: "log", after: null, continues: null, client: "t/1 none" } as const;
  device = new Device(keys, purpose, TIME);
});

const answer = (encounter: string, recording: string) =>
  `accompany/answer/v1\nencounter ${encounter}\nrecording ${recording}\nfingerprint ${"ab".repeat(32)}\n` +
  `offer ${"cd".repeat(32)}\nexpires ${writeTime(TIME)}\n`;

describe("a device", () => {
  test("grants its identity to the holders fixed before the press, and hashes them into the opening", async () => {
    const opening = openOpening(device.opening.note);
    expect(writeHex(opening.grants)).toBe(writeHex(sha256(keys.grants[0] ?? new Uint8Array())));
    const granted = readUtf8("grant", await opener(holder.identity)(keys.grants[0] ?? new Uint8Array()));
    expect(granted).toBe(`${keys.age.identity}\n`);
  });

  test("binds each statement to the one before, and seals each segment for itself", async () => {
    const verifier = recordingVerifierOf(device.opening.note);
    const one = await device.segment(Uint8Array.of(1), at(0), 0);
    const two = device.gap(at(10), 5, "hidden");
    const three = await device.segment(Uint8Array.of(1), at(15), 500);
    const four = device.closing(at(515), "stopped");
    let before = device.opening.digest;
    for (const signed of [one, two, three, four]) {
      const statement = openFollowing(signed.note, verifier);
      expect(writeHex(statement.previous)).toBe(writeHex(before));
      before = signed.digest;
    }
    expect(writeHex(sha256(one.sealed ?? new Uint8Array()))).not.toBe(writeHex(sha256(three.sealed ?? new Uint8Array())));
    checkHeader(one.sealed ?? new Uint8Array());
    expect(await opener(keys.age.identity)(one.sealed ?? new Uint8Array())).toEqual(Uint8Array.of(1));
    expect(openFollowing(four.note, verifier)).toMatchObject({ number: 4, segments: 2 });
  });

  test("states nothing after its closing", async () => {
    device.closing(at(0), "left");
    expect(device.closed).toBe(true);
    expect(() => device.gap(at(0), 1, "muted")).toThrow(OutOfOrder);
    expect(() => device.closing(at(0), "stopped")).toThrow(OutOfOrder);
    await expect(device.segment(Uint8Array.of(1), at(0), 1)).rejects.toThrow(OutOfOrder);
  });

  test("grants to one more holder with a signed note, until it is locked", async () => {
    const { file, note } = await device.grant(holder.recipient, TIME);
    const text = openNote(note, recordingVerifierOf(device.opening.note));
    expect(text).toBe(
      `accompany/grant/v1\nrecording ${device.recording}\nsha256 ${writeHex(sha256(file))}\ntime ${writeTime(TIME)}\n`,
    );
    expect(readUtf8("grant", await opener(holder.identity)(file))).toBe(`${keys.age.identity}\n`);
    device.lock();
    expect(device.locked).toBe(true);
    await expect(device.grant(holder.recipient, TIME)).rejects.toThrow(DoesNotHold);
    expect((await device.segment(Uint8Array.of(1), at(0), 0)).number).toBe(1);
  });

  test("signs an answer for its own encounter and recording, and no other text", () => {
    const good = answer(ENCOUNTER, device.recording);
    expect(openNote(device.answer(good, ENCOUNTER), recordingVerifierOf(device.opening.note))).toBe(good);
    const others = [
      answer("f".repeat(32), device.recording),
      answer(ENCOUNTER, "f".repeat(32)),
      `${good}more 1\n`,
      good.replace("answer", "offer"),
      good.replace("ab", "AB"),
      "accompany/closing/v1\n",
    ];
    for (const text of others) expect(() => device.answer(text, ENCOUNTER), text).toThrow(Malformed);
  });
});
