import { expect, test } from "vitest";
import { oneAtATime } from "../../src/ui/one";

test("what is pressed twice is done once, and can be done again after it, whatever came of it", async () => {
  const once = oneAtATime();
  const ends: ((error?: Error) => void)[] = [];
  const act = (): Promise<void> => new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())));
  const first = once(act);
  await once(act);
  expect(ends).toHaveLength(1);
  ends[0]?.(new Error("no line"));
  await expect(first).rejects.toThrow("no line");
  const again = once(act);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await again;
});
