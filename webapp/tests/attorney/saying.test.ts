import { expect, test } from "vitest";
import { Saying } from "../../src/attorney/saying";
import type { DutyMessage } from "../../src/live-contracts";

/** A console whose socket is open, or not. */
class Console extends Saying {
  open = true;
  readonly said: DutyMessage[] = [];
  protected get within(): string {
    return "e";
  }
  protected say(message: DutyMessage): boolean {
    if (this.open) this.said.push(message);
    return this.open;
  }
}

test("of a callback it is known whether anybody was told that it is done", () => {
  const console = new Console();
  expect(console.callBack("e", true)).toBe(true);
  console.open = false;
  expect(console.callBack("e", true)).toBe(false);
  expect(console.said).toEqual([{ type: "callback", encounter: "e", done: true }]);
});
