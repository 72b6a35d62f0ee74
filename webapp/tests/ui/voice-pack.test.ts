import { expect, test } from "vitest";
import { readPack } from "../../src/ui/voice-pack";

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
