/**
 * Brings the kit, and the screens after the press, over whatever line there is: tries for ever, at once
 * when the network returns.
 */

import { warmWorker } from "../recorder-start";

export type Kit = typeof import("./kit");
export type PressedModule = typeof import("./pressed");

const PAUSE = 2_000;

let coming: Promise<Kit> | null = null;
let screens: Promise<PressedModule> | null = null;
let arrived: () => void = () => undefined;

/** Resolves once the kit is there, whoever asked for it. */
export const kitArrived = new Promise<void>((resolve) => {
  arrived = resolve;
});

export function loadKit(): Promise<Kit> {
  coming ??= persistently(() => import("./kit"));
  void coming.then(arrived);
  return coming;
}

/** The service worker has it: then it needs no line. */
function isKept(): boolean {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  return (workers?.controller ?? null) !== null;
}

/**
 * For a press: brings the kit once *free*, or *most* milliseconds later; at once where it is on its way
 * already or lies in this browser.
 */
export async function loadKitAfter(free: Promise<void>, most: number): Promise<Kit> {
  if (coming === null && !isKept()) await Promise.race([free, new Promise((resolve) => setTimeout(resolve, most))]);
  // Beside the kit, not after it: on a poor line that is a way there and back, and a slow phone's second.
  warmWorker();
  return loadKit();
}

/** The screens of a press that runs or ended. */
export function loadPressed(): Promise<PressedModule> {
  screens ??= persistently(() => import("./pressed"));
  return screens;
}

async function persistently<Found>(load: () => Promise<Found>): Promise<Found> {
  for (;;) {
    try {
      return await load();
    } catch {
      await pause();
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE);
    addEventListener("online", () => resolve(), { once: true });
  });
}

/** Calls back once the page has been shown and has nothing else to do. */
export function whenIdle(work: () => void): void {
  const idle = (): void => {
    // Safari has no idle callback.
    if ("requestIdleCallback" in globalThis) requestIdleCallback(work, { timeout: 3_000 });
    else setTimeout(work, 200);
  };
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle, { once: true });
}
