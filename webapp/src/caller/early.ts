/**
 * Stands in the page and runs first: where the service worker kept the page with its first frame, a press
 * counts from that frame on. It is noted here, and made once the page's script, which comes after that
 * frame, has taken over (taken-over.ts). Everywhere else this does nothing.
 */

import { placeAtOpening } from "./place";

/** How long until what did not come is asked for again, in ms. */
const AGAIN = 1000;
/** How long a frame is waited for that nobody sees, in ms. */
const UNSEEN = 300;

async function bring(file: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      // A browser may remember what failed by its address.
      return void (await import(/* @vite-ignore */ tries === 0 ? file : `${file}?${tries}`));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

function begin(app: HTMLElement, files: readonly string[]): void {
  let loading = false;
  const load = (): void => {
    if (!loading) for (const file of files) void bring(file);
    loading = true;
  };
  if (placeAtOpening() !== null) {
    app.replaceChildren();
    return load();
  }
  app.addEventListener("click", ({ target }) => {
    const early = app.hasAttribute("data-early");
    if (early && target instanceof Element && target.closest(".press")) app.dataset["early"] = "pressed";
  });
  // Not before: to compile and run the script takes a slow phone longer than all of this.
  requestAnimationFrame(load);
  setTimeout(load, UNSEEN);
}

const app = document.getElementById("app");
const files = document.querySelector<HTMLMetaElement>("meta[name=first]");
if (app !== null && files !== null) begin(app, files.content.split(" "));
