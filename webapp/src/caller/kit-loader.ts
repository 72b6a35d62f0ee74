/** Brings the kit over whatever line there is: tries for ever, at once when the network returns. */

export type Kit = typeof import("./kit");

const PAUSE = 2_000;

let coming: Promise<Kit> | null = null;

export function loadKit(): Promise<Kit> {
  coming ??= fetchKit();
  return coming;
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
