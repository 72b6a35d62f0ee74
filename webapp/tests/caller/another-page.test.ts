import { afterEach, expect, test, vi } from "vitest";
import { tellPress, watchPresses } from "../../src/caller/another-page";

const open = new Set<() => void>();

afterEach(() => {
  for (const end of open) end();
  open.clear();
  vi.unstubAllGlobals();
});

/** A page that presses: how many pressed after it, each time it hears of one. */
function press(name: string): { heard: number[]; end(): void } {
  const heard: number[] = [];
  const over = tellPress(name, (count) => heard.push(count));
  open.add(over);
  return { heard, end: () => void (open.delete(over) && over()) };
}

test("the first page hears of the second, and the second of nothing", async () => {
  const first = press("first");
  const second = press("second");
  await vi.waitFor(() => expect(first.heard).toEqual([1]));
  const third = press("third");
  await vi.waitFor(() => expect(first.heard).toEqual([1, 2]));
  expect(second.heard).toEqual([1]);
  expect(third.heard).toEqual([]);
});

test("once the second has ended it is alone again; that the first ends concerns nobody", async () => {
  const first = press("first");
  press("second").end();
  await vi.waitFor(() => expect(first.heard).toEqual([1, 0]));
  const third = press("third");
  await vi.waitFor(() => expect(first.heard).toEqual([1, 0, 1]));
  first.end();
  await vi.waitFor(() => expect(third.heard).toEqual([0]));
});

/** A page that was opened and not pressed: how many others run, each time it hears of one. */
function look(): { heard: number[]; seeAgain(): void } {
  const page = new EventTarget();
  vi.stubGlobal("document", Object.assign(page, { hidden: false }));
  const heard: number[] = [];
  open.add(watchPresses((count) => heard.push(count)));
  return { heard, seeAgain: () => page.dispatchEvent(new Event("visibilitychange")) };
}

test("a page that is opened beside one that runs hears of it, until that one ends", async () => {
  const first = press("first");
  const { heard } = look();
  await vi.waitFor(() => expect(heard).toEqual([1]));
  press("second");
  await vi.waitFor(() => expect(heard.at(-1)).toBe(2));
  first.end();
  await vi.waitFor(() => expect(heard.at(-1)).toBe(1));
  expect(first.heard).toEqual([1]);
});

test("nobody runs beside a page that is alone; who died without a word is forgotten when it is seen again", async () => {
  const { heard, seeAgain } = look();
  await vi.waitFor(() => expect(heard).toEqual([0]));
  const died = new BroadcastChannel("accompany-presses");
  died.postMessage({ began: "died" });
  died.close();
  await vi.waitFor(() => expect(heard.at(-1)).toBe(1));
  seeAgain();
  await vi.waitFor(() => expect(heard.at(-1)).toBe(0));
});

test("what another version of the app says is heard without harm", async () => {
  const first = press("first");
  const other = new BroadcastChannel("accompany-presses");
  for (const said of [null, "pressed", 7, {}]) other.postMessage(said);
  other.postMessage({ began: "second" });
  await vi.waitFor(() => expect(first.heard.at(-1)).toBe(1));
  expect(first.heard).toEqual([0, 0, 0, 0, 1]);
  other.close();
});

test("a browser without such channels rings as well", () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  Reflect.deleteProperty(globalThis, "BroadcastChannel");
  expect(press("only").heard).toEqual([]);
});
