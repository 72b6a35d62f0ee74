/** What this browser says about itself, as far as it says it. Nothing is asked of the person here. */

import type { Service } from "../contracts";
import { readCode, type Choices } from "./choices";
import { keptOwn } from "../own/kept";
import { keptDrill } from "./drill-kept";
import type { Facts, Permission } from "./readiness";

async function permission(name: "camera" | "microphone"): Promise<Permission> {
  try {
    // Firefox and older Safari do not know these names and throw.
    const { state } = await navigator.permissions.query({ name: name as PermissionName });
    return state;
  } catch {
    return "unknown";
  }
}

async function persisted(): Promise<boolean | null> {
  try {
    return await navigator.storage.persisted();
  } catch {
    return null;
  }
}

/** Asks the browser not to delete what waits when space is short; some browsers decide alone. */
export async function askPersistence(): Promise<boolean> {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}

export async function factsNow(choices: Choices, service: Service | null): Promise<Facts> {
  const [camera, microphone, kept] = await Promise.all([permission("camera"), permission("microphone"), persisted()]);
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  return {
    state: service?.states.includes(choices.state) ?? choices.state !== "",
    language: service?.languages.includes(choices.language) ?? choices.language !== "",
    organization: readCode(choices.code) !== null,
    camera,
    microphone,
    persisted: kept,
    offline: (await workers?.getRegistration().catch(() => undefined))?.active != null,
    hotline: service !== null && service.hotline !== null,
    drill: keptDrill(),
    own: keptOwn() !== null,
    now: Date.now(),
  };
}
