import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { readUtf8, utf8 } from "../src/evidence/text";
import { Zip } from "../src/zip";

test.each([0, 6] as const)("a part of a package is what its entry holds, stored or deflated (level %i)", async (level) => {
  const text = "sealed ".repeat(200);
  const blob = new Blob([new Uint8Array(zipSync({ "a/one": utf8(text), "a/two": utf8("other") }, { level }))]);
  const zip = await Zip.open(blob);
  const part = await zip.part("a/one");
  expect(await part.text()).toBe(text);
  expect(readUtf8("entry", await zip.read("a/one"))).toBe(text);
  await expect(zip.part("a/three")).rejects.toThrow("expected a/three");
});
