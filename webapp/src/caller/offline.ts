/**
 * The page's side of its service worker: registers it once everything of this visit is there, lets it
 * keep the language in use, and lets a new version take over when nobody looks and nothing runs.
 */

/** `busy` says whether an encounter runs; returns how to stop following. */
export function keepOffline(busy: () => boolean): () => void {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (workers === undefined || !isSecureContext) return () => undefined;
  let registration: ServiceWorkerRegistration | null = null;
  const replace = (): void => {
    if (document.hidden && !busy()) registration?.waiting?.postMessage("take over");
  };
  void register(workers).then((found) => {
    registration = found;
    if (!busy()) found?.waiting?.postMessage("take over");
  });
  document.addEventListener("visibilitychange", replace);
  return () => document.removeEventListener("visibilitychange", replace);
}

async function register(workers: ServiceWorkerContainer): Promise<ServiceWorkerRegistration | null> {
  try {
    const registration = await workers.register("/sw.js", { updateViaCache: "none" });
    const { active } = await workers.ready;
    active?.postMessage(usedFiles());
    return registration;
  } catch {
    // Where the browser keeps nothing (private windows), the page works as long as there is a line.
    return null;
  }
}

function usedFiles(): string[] {
  return performance
    .getEntriesByType("resource")
    .map(({ name }) => new URL(name).pathname)
    .filter((path) => path.startsWith("/assets/"));
}
