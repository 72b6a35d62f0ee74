import { afterEach, expect, test, vi } from "vitest";
import { loadPack, readPack, recorded } from "../../src/ui/voice-pack";

const sound = { type: "audio/wav", sound: btoa("RIFF") };

test("each prompt becomes a sound of its type", async () => {
  const found = readPack({ prompts: { here: sound, ended: { ...sound, type: "audio/ogg" } } });
  expect([...found.keys()]).toEqual(["here", "ended"]);
  expect(found.get("ended")?.type).toBe("audio/ogg");
  expect(await found.get("here")?.text()).toBe("RIFF");
});

test.each([
  ["no sound at all", { ...sound, type: "text/html" }],
  ["bytes that are not base64", { ...sound, sound: "…" }],
  ["no bytes", { type: "audio/wav" }],
  ["a string", "RIFF"],
])("%s is left out and takes no other away", (_, bent) => {
  expect([...readPack({ prompts: { calling: bent, here: sound } }).keys()]).toEqual(["here"]);
});

test.each([null, [], {}, { prompts: null }, { prompts: "x" }, undefined])("%j holds no prompt", (answer) => {
  expect(readPack(answer).size).toBe(0);
});

afterEach(() => void vi.unstubAllGlobals());

test("of two languages the one that was chosen last is spoken, whichever comes first", async () => {
  const come = new Map<string, () => void>();
  vi.stubGlobal("fetch", async (address: string) => {
    await new Promise<void>((resolve) => come.set(address, resolve));
    return Response.json({ prompts: { here: sound } });
  });
  const [first, last] = [loadPack("es"), loadPack("fr")];
  await vi.waitFor(() => expect(come.size).toBe(2));
  come.get("/api/voices/fr")?.();
  await last;
  come.get("/api/voices/es")?.();
  await first;
  expect([recorded("fr", "here"), recorded("es", "here")]).toEqual([expect.stringContaining("blob:"), null]);
});
