/**
 * One sender for each recording, in whatever tab: Web Locks named `accompany-recording-<id>`. The
 * browser lets go when the worker dies. Where there are no Web Locks everything counts as free: to
 * send a thing twice is harmless, not to send it is not.
 */

const nameOf = (recording: string) => `accompany-recording-${recording}`;

/** Takes the lock of one's own new recording for the life of this worker. */
export async function holdLock(recording: string): Promise<void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return;
  await new Promise<void>((held) => {
    void locks
      .request(nameOf(recording), () => {
        held();
        return new Promise<never>(() => undefined);
      })
      .catch(() => held());
  });
}

/** Runs `work` with the lock and returns true, or false if somebody else keeps it for `patience` milliseconds. */
export async function ifFree(recording: string, work: () => Promise<void>, patience = 0): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  if (!locks) {
    await work();
    return true;
  }
  if (patience > 0 && !(await isFree(recording, patience))) return false;
  return await locks.request(nameOf(recording), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
}

/** Whether nobody has the lock, or lets go of it within `patience` milliseconds. */
export async function isFree(recording: string, patience: number): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return true;
  try {
    return await locks.request(nameOf(recording), { signal: AbortSignal.timeout(patience) }, () => true);
  } catch {
    return false;
  }
}
