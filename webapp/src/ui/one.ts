/** What is pressed twice is done once. */

/** Returns what does one thing at a time: what is asked for meanwhile is left undone. */
export function oneAtATime(): (act: () => Promise<void>) => Promise<void> {
  let busy = false;
  return async (act) => {
    if (busy) return;
    busy = true;
    try {
      await act();
    } finally {
      busy = false;
    }
  };
}
