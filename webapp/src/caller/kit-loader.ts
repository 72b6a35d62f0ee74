/** Brings the kit over whatever line there is: tries for ever, at once when the network returns. */

export type Kit = typeof import("./kit");

const PAUSE = 2_000;

let coming: Promise<Kit> | null = null;
let arrived: () => void = () => undefined;

/** Resolves once the kit is there, whoever asked for it. */
export const kitArrived = new Promise<void>((resolve) => {
  arrived = resolve;
});

export function loadKit(): Promise<Kit> {
  coming ??= fetchKit();
  void coming.then(arrived);
  return coming;
}

/** Brings the kit once *free*, or *most* milliseconds later; at once where it is on its way already. */
export async function loadKitAfter(free: Promise<void>, most: number): Promise<Kit> {
  if (coming === null) await Promise.race([free, new Promise((resolve) => setTimeout(resolve, most))]);
  return loadKit();
}

async function fetchKit(): Promise<Kit> {
  for (;;) {
    try {
      return await import("./kit");
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
