import { type Zippable, zipSync } from "fflate";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { Device, type Signed, makeKeys } from "../src/device";
import { DoesNotHold, Malformed } from "../src/errors";
import { concat, utf8, writeHex } from "../src/evidence/text";
import { identityIn, openPackage } from "../src/opened";
import { newSecret } from "../src/own/enrolment";
import { linkKeyOf } from "../src/own/key";
import { linkTo, readLink } from "../src/own/link";
import { type AgeKeys, generateAgeKeys, recipientOf, sealer } from "../src/seal/age";
import { Zip } from "../src/zip";

const TIME = Date.UTC(2026, 10, 21, 20, 14);

let attorney: AgeKeys;
let stranger: AgeKeys;
let files: Record<string, Uint8Array>;
let device: Device;
let id: string;

beforeAll(async () => {
  [attorney, stranger] = await Promise.all([generateAgeKeys(), generateAgeKeys()]);
  const keys = await makeKeys([stranger.recipient, attorney.recipient]);
  const purpose = { kind: "film", media: "video/mp4;codecs=avc1.42001f,opus", encounter: "e".repeat(32), log: "log", after: null, continues: null, client: "test/1 none" } as const;
  device = new Device(keys, purpose, TIME);
  id = device.recording;
  files = {};
  const put = ({ number, note, sealed }: Signed) => {
    const six = String(number).padStart(6, "0");
    files[`${id}/data/statements/${six}.note`] = note;
    if (sealed) files[`${id}/data/segments/${six}.age`] = sealed;
  };
  put(device.opening);
  for (const [at, grant] of keys.grants.entries()) files[`${id}/data/grants/${at}.age`] = grant;
  put(await device.segment(utf8("head"), { time: TIME, offset: 0 }, 0));
  put(await device.segment(utf8("-one"), { time: TIME, offset: 40 }, 500));
  put(device.gap({ time: TIME, offset: 540 }, 3000, "hidden"));
  put(await device.segment(new Uint8Array(70_000).fill(65), { time: TIME, offset: 3540 }, 500));
  put(device.closing({ time: TIME, offset: 4040 }, "stopped"));
  files[`${id}/bagit.txt`] = utf8("BagIt-Version: 1.0\n");
});

const pack = (some: Record<string, Uint8Array>, level: 0 | 6 = 0) =>
  new Blob([new Uint8Array(zipSync(some as Zippable, { level }))]);
const open = (some: Record<string, Uint8Array>, identity = attorney.identity) =>
  openPackage(pack(some), identity, () => undefined);
const path = (rest: string) => `${id}/data/${rest}`;

describe("a sealed package", () => {
  test.each([0, 6] as const)("is opened by whoever it was granted to, deflated with level %i", async (level) => {
    const steps: string[] = [];
    const found = await openPackage(pack(files, level), attorney.identity, (done, all) => steps.push(`${done}/${all}`));
    expect(await found.media.text()).toBe(`head-one${"A".repeat(70_000)}`);
    expect(found.media.type).toBe("video/mp4");
    expect(steps).toEqual(["1/3", "2/3", "3/3"]);
    expect(found).toMatchObject({
      mime: "video/mp4;codecs=avc1.42001f,opus",
      recording: id,
      kind: "film",
      encounter: "e".repeat(32),
      time: TIME,
      problems: [],
      segments: 3,
      opened: 3,
      duration: 1000,
      gaps: [{ offset: 540, duration: 3000, reason: "hidden" }],
      closing: "stopped",
      head: { recording: id, number: 5, digest: writeHex(device["chain"].digest) },
    });
  });

  test("is granted on by a holder, to the identity that a link stands for and to nobody else", async () => {
    vi.stubGlobal("location", { origin: "https://duty.example.org" });
    const link = linkTo(id, newSecret());
    const read = readLink(new URL(link).hash);
    expect(read?.recording).toBe(id);
    const { identity, pass } = linkKeyOf(read?.secret ?? new Uint8Array());
    expect(linkKeyOf(read?.secret ?? new Uint8Array()).pass).toEqual(pass);
    await expect(open(files, identity)).rejects.toThrow(DoesNotHold);
    const granted = await identityIn(pack(files), attorney.identity);
    const grant = await sealer(await recipientOf(identity))(utf8(`${granted}\n`));
    const more = { ...files, [path("grants/2.age")]: grant };
    expect((await open(more, identity)).problems).toEqual([]);
    await expect(open(more, linkKeyOf(newSecret()).identity)).rejects.toThrow(DoesNotHold);
  });

  test.each(["", "#share=", "#code=ABCD-EFGH", `#share=${"a".repeat(32)}.short`, `#share=${"A".repeat(32)}.${"a".repeat(22)}`])(
    "%j is no link",
    (fragment) => expect(readLink(fragment)).toBeNull(),
  );

  test("is opened by no one else", async () => {
    const other = await generateAgeKeys();
    await expect(open(files, other.identity)).rejects.toThrow(DoesNotHold);
    expect((await open(files, stranger.identity)).problems).toEqual([]);
  });

  test("shows the rest when one segment is missing, exchanged or bent, and names it", async () => {
    const { [path("segments/000002.age")]: second, ...without } = files;
    expect(await open(without)).toMatchObject({ problems: ["segment-missing:2"], opened: 2, segments: 3 });
    const exchanged = { ...files, [path("segments/000002.age")]: files[path("segments/000004.age")] ?? utf8("") };
    expect((await open(exchanged)).problems).toEqual(["segment-hash:2"]);
    const bent = Uint8Array.from(second ?? []);
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
    expect((await open({ ...files, [path("segments/000002.age")]: bent })).problems).toEqual(["segment-hash:2"]);
  });

  test("names a statement that is missing or altered, and where the chain breaks", async () => {
    const { [path("statements/000003.note")]: gap, ...without } = files;
    expect((await open(without)).problems).toEqual(["chain:4"]);
    const altered = utf8(new TextDecoder().decode(gap).replace("hidden", "device"));
    expect((await open({ ...files, [path("statements/000003.note")]: altered })).problems).toEqual([
      "statement:3",
      "chain:4",
    ]);
  });

  test("without a closing says so and finds no fault", async () => {
    const { [path("statements/000005.note")]: _, ...without } = files;
    expect(await open(without)).toMatchObject({ problems: [], closing: null, head: { number: 4 } });
  });

  test("whose opening does not hold is not opened at all", async () => {
    const opening = new TextDecoder().decode(files[path("statements/000000.note")]);
    const altered = { ...files, [path("statements/000000.note")]: utf8(opening.replace("kind film", "kind sound")) };
    await expect(open(altered)).rejects.toThrow(DoesNotHold);
  });

  test("with a damaged entry loses that entry alone", async () => {
    const zip = new Uint8Array(await pack(files).arrayBuffer());
    const second = files[path("segments/000002.age")] ?? utf8("");
    const at = zip.findIndex((_, place) => second.every((byte, step) => zip[place + step] === byte));
    zip[at + 500] = (zip[at + 500] ?? 0) ^ 1;
    const found = await openPackage(new Blob([zip]), attorney.identity, () => undefined);
    expect(found.problems).toEqual(["segment-damaged:2"]);
  });
});

describe("a ZIP", () => {
  test("that is cut anywhere is none", async () => {
    const zip = new Uint8Array(zipSync({ "a/b": utf8("hello") }));
    for (let at = 0; at < zip.length; at++) {
      await expect(Zip.open(new Blob([zip.slice(0, at)]))).rejects.toThrow(Malformed);
    }
    expect((await Zip.open(new Blob([zip]))).names).toEqual(["a/b"]);
  });

  test("with a comment is read, and with bytes before it is refused", async () => {
    const zip = zipSync({ "a/b": utf8("hello") }, { comment: "PK\u0005\u0006 not the end" });
    expect(new TextDecoder().decode(await (await Zip.open(new Blob([new Uint8Array(zip)]))).read("a/b"))).toBe("hello");
    await expect(Zip.open(new Blob([concat(utf8("x"), zip)]))).rejects.toThrow(Malformed);
  });

  test("whose entry says another size or hash than it has fails for that entry", async () => {
    for (const level of [0, 9] as const) {
      const zip = zipSync({ "a/b": [utf8("hello hello hello"), { level }], "a/c": utf8("fine") });
      const directory = zip.findLastIndex((_, at) => [0x50, 0x4b, 1, 2].every((byte, step) => zip[at + step] === byte));
      const first = zip.findIndex((_, at) => [0x50, 0x4b, 1, 2].every((byte, step) => zip[at + step] === byte));
      expect(first).toBeLessThan(directory);
      for (const field of [16, 24]) {
        const bent = Uint8Array.from(zip);
        bent[first + field] = (bent[first + field] ?? 0) ^ 1;
        const opened = await Zip.open(new Blob([bent]));
        await expect(opened.read("a/b")).rejects.toThrow(Malformed);
        expect(await opened.read("a/c")).toEqual(utf8("fine"));
      }
    }
  });
});
