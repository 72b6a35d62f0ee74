/**
 * Whether this phone's battery is nearly empty: below 15 % and not charging. Browsers that do not
 * tell (Safari, Firefox) count as well charged. Nothing of it leaves the phone.
 */

const LOW = 0.15;

interface Battery extends EventTarget {
  readonly level: number;
  readonly charging: boolean;
}

let battery: Battery | null = null;
let asked: Promise<void> | null = null;

const isLow = () => battery !== null && battery.level < LOW && !battery.charging;

/** Asks the browser once, ahead of the press: there the answer must be there at once. */
export function askBattery(): Promise<void> {
  asked ??= ask().catch(() => undefined);
  return asked;
}

async function ask(): Promise<void> {
  const get: unknown = Reflect.get(navigator, "getBattery");
  if (typeof get === "function") battery = (await get.call(navigator)) as Battery;
}

/** As far as is known by now. */
export function batteryIsLow(): boolean {
  return isLow();
}

/** Calls back whenever it may have become low, or well again; returns how to stop. */
export function watchBattery(callback: (low: boolean) => void): () => void {
  const tell = () => callback(isLow());
  let stopped = false;
  const events = ["levelchange", "chargingchange"];
  void askBattery().then(() => {
    if (stopped) return;
    for (const event of events) battery?.addEventListener(event, tell);
    tell();
  });
  return () => {
    stopped = true;
    for (const event of events) battery?.removeEventListener(event, tell);
  };
}
