/**
 * Asks the browser to send what waits as soon as there is a line, although no page of ours is open any
 * more (Background Sync: Chromium's browsers have it; elsewhere the next opening sends). What waits is
 * signed and sealed, so the service worker needs no key for it.
 */

export const LATER = "accompany-leftovers";
/** Nothing arrived for so many milliseconds: the page may not live to see the line again. */
const SILENCE = 5_000;
/** Milliseconds until it is asked again: a browser gives up after some attempts. */
const AGAIN = 30_000;

let askedAt = Number.NEGATIVE_INFINITY;

/** Call it whenever the queue changed or the page goes out of sight; it asks where that makes sense. */
export function sendLater(waiting: number, silence: number, now = performance.now()): void {
  if (waiting === 0 || (silence < SILENCE && !document.hidden) || now - askedAt < AGAIN) return;
  askedAt = now;
  void ask().catch(() => undefined);
}

async function ask(): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  const registration = await workers?.getRegistration();
  const sync: unknown = registration && Reflect.get(registration, "sync");
  if (typeof sync !== "object" || sync === null) return;
  const register: unknown = Reflect.get(sync, "register");
  if (typeof register === "function") await register.call(sync, LATER);
}
