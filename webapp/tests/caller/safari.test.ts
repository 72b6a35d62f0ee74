/** Who is offered the way into a Safari tab: whoever opened the page from an iPhone's home screen. */

import { expect, test } from "vitest";
import { isAway, onIosHomeScreen } from "../../src/caller/safari";
import { STARTING } from "../../src/recorder-state";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15";
const ANDROID = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140";

const browser = (userAgent: string, display: string, more: object = {}) => ({
  navigator: { userAgent, maxTouchPoints: 5, ...more },
  matchMedia: (query: string) => ({ matches: query === `(display-mode: ${display})` }),
});

test("from the home screen of an iPhone or iPad it is offered", () => {
  expect(onIosHomeScreen(browser(IPHONE, "browser", { standalone: true }))).toBe(true);
  expect(onIosHomeScreen(browser(IPHONE, "standalone"))).toBe(true);
  expect(onIosHomeScreen(browser(MAC, "standalone"))).toBe(true);
});

test("in a tab, on a Mac and on other phones there is nothing to offer", () => {
  expect(onIosHomeScreen(browser(IPHONE, "browser", { standalone: false }))).toBe(false);
  expect(onIosHomeScreen(browser(MAC, "standalone", { maxTouchPoints: 0 }))).toBe(false);
  expect(onIosHomeScreen(browser(ANDROID, "standalone"))).toBe(false);
});

test("it is offered where a device is away, not where none was wanted", () => {
  const well = { ...STARTING, camera: "on", microphone: "on" } as const;
  expect(isAway(well)).toBe(false);
  expect(isAway({ ...well, camera: "none" })).toBe(false);
  expect(isAway({ ...well, camera: "lost" })).toBe(true);
  expect(isAway({ ...well, microphone: "refused" })).toBe(true);
  expect(isAway({ ...well, interrupted: "muted" })).toBe(true);
});
