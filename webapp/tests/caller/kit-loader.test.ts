import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

vi.mock("../../src/caller/kit", () => ({ here: true }));

const NEVER = new Promise<void>(() => undefined);
const started = vi.fn();

class FakeWorker {
  constructor(address: URL) {
    started(address.pathname);
  }
  postMessage(): void {}
}

async function fresh(controller: object | null | undefined) {
  vi.resetModules();
  vi.stubGlobal("navigator", controller === undefined ? {} : { serviceWorker: { controller } });
  return await import("../../src/caller/kit-loader");
}

describe("the kit, at a press", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("Worker", FakeWorker);
    started.mockClear();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("that lies in this browser waits for no line", async () => {
    const { loadKitAfter } = await fresh({});
    await expect(loadKitAfter(NEVER, 1_500)).resolves.toMatchObject({ here: true });
    expect(started).toHaveBeenCalledOnce();
  });

  test.each([[null], [undefined]])("that must come over the line lets the ringing go first (%s)", async (controller) => {
    const { loadKitAfter } = await fresh(controller);
    let come = false;
    const coming = loadKitAfter(NEVER, 1_500).then(() => (come = true));
    await vi.advanceTimersByTimeAsync(1_499);
    expect([come, started.mock.calls.length]).toEqual([false, 0]);
    await vi.advanceTimersByTimeAsync(1);
    await coming;
    expect([come, started.mock.calls.length]).toEqual([true, 1]);
  });

  test("begins with the recorder's worker once the press is on its way", async () => {
    const { loadKitAfter } = await fresh(null);
    await loadKitAfter(Promise.resolve(), 1_500);
    expect(started).toHaveBeenCalledOnce();
  });
});
