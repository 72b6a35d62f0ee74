/**
 * How the two ends of a call may reach each other: by STUN servers that anybody may ask, or only
 * through the organization's relay, whose names are good for minutes and are asked for with the
 * press's secret or the attorney's session.
 *
 * Not here: connections (`peer.ts`), when one is made (`call-phone.ts`, `call-console.ts`).
 */

import type { Service } from "./contracts";
import { iceServer } from "./messages";
import { inJson, request } from "./service";
import { list, record } from "./shape";

/** How long a name is used for new connections; it is good for three times as long. */
const FRESH = 5 * 60_000;
const TRIES = 4;
const BETWEEN = 500;
/** How long one answer is waited for: a request into a network that is gone may stay open for minutes. */
const PATIENCE = 5000;

/** A phone shows its encounter; a console has a cookie. */
export type Asker = { encounter: string; secret: string } | Record<string, never>;

export type Ways = () => Promise<RTCConfiguration>;

const readNamed = record<{ ice: RTCIceServer[] }>({ ice: list(iceServer) });

async function name(asker: Asker): Promise<RTCIceServer[]> {
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await request("/api/relay", { ...inJson("POST", asker), signal });
  return readNamed((await response.json().catch(() => null)) as unknown, "relay").ice;
}

/** The press may be on its way still, and the line may fail: asked again, a few times. */
async function persistently(asker: Asker): Promise<RTCIceServer[] | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN));
    try {
      return await name(asker);
    } catch {
      // Whatever it was, a later connection asks again.
    }
  }
  return null;
}

/**
 * Ways to the other side. With a relay, only through it: it keeps each side's address from the other,
 * so a call does not go around it where it fails. Without an answer the last names are used: a call over
 * old ones may still hold.
 */
export function waysOf(service: Pick<Service, "ice" | "relay">, asker: Asker): Ways {
  const bundlePolicy: RTCBundlePolicy = "max-bundle";
  if (!service.relay) {
    return async () => ({ iceServers: service.ice, iceTransportPolicy: "all", bundlePolicy });
  }
  let known: RTCIceServer[] = [];
  let at = -Infinity;
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    const named = await persistently(asker);
    if (named !== null) [known, at] = [named, performance.now()];
  };
  return async () => {
    if (performance.now() - at >= FRESH) {
      asking ??= ask().finally(() => (asking = null));
      await asking;
    }
    return { iceServers: known, iceTransportPolicy: "relay", bundlePolicy };
  };
}
