import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KeptText } from "../../src/attorney/kept-text";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Where a text is kept; away while `away`. */
class Place {
  away = false;
  kept = "Ana Ruiz";
  readonly saved: string[] = [];
  load = async (): Promise<string> => {
    if (this.away) throw new TypeError("no line");
    return this.kept;
  };
  save = async (text: string): Promise<void> => {
    if (this.away) throw new TypeError("no line");
    this.saved.push(text);
  };
}

test("what could not be fetched comes, also where its part of the page was left meanwhile", async () => {
  const place = new Place();
  place.away = true;
  const names = new KeptText(place);
  void names.load();
  await vi.advanceTimersByTimeAsync(0);
  // A call begins: the field is gone, and what was typed in it is kept at once.
  void names.flush();
  place.away = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(names.view.value).toEqual({ state: "kept", text: "Ana Ruiz" });
  expect(place.saved).toEqual([]);
});
