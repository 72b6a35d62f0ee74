/** What a passkey is called when it is made: the kind of device, in the browser's own words. */

export function deviceName(): string {
  const told = (navigator as { userAgentData?: { platform?: string } }).userAgentData?.platform;
  const found = told || /iPhone|iPad|Android|Mac|Windows|Linux|CrOS/.exec(navigator.userAgent)?.[0] || "passkey";
  return found.slice(0, 40);
}
