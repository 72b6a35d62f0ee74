/**
 * How often a page is drawn. As a rule at once after whatever changed it. While a call begins, everything
 * happens within a third of a second: a message, a card, tracks, a connection. Drawn after each, the page
 * keeps the processor from the one thing that is waited for, so then it is drawn once a frame.
 *
 * Not here: what is drawn.
 */

import { options } from "preact";

/** Milliseconds after which a page is drawn that has no frames, being out of sight. */
const UNSEEN = 50;

/** Milliseconds within which nearly every call has its first picture. */
const BEGINNING = 1000;

let until = -Infinity;

/** A call begins: from now on the page is drawn once a frame, for a moment. */
export function drawByFrames(): void {
  until = performance.now() + BEGINNING;
  options.debounceRendering = drawn;
}

function drawn(draw: () => void): void {
  if (performance.now() < until) byFrame(draw);
  else queueMicrotask(draw);
}

function byFrame(draw: () => void): void {
  const once = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    draw();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, UNSEEN);
}
