/** A page whose sockets are in the test's hands, as is its time. */

import { vi } from "vitest";

export class FakeSocket {
  static made: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  onclose: () => void = () => undefined;

  constructor() {
    FakeSocket.made.push(this);
  }

  send = (text: string): void => void this.sent.push((JSON.parse(text) as { type: string }).type);
  close = (): void => void (this.readyState = 3);
  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }
}

export function onAPage(): void {
  vi.useFakeTimers();
  FakeSocket.made = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("location", { href: "http://127.0.0.1/" });
  vi.stubGlobal("document", { addEventListener: () => undefined, removeEventListener: () => undefined, hidden: false });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
}

export function offThePage(): void {
  vi.unstubAllGlobals();
  vi.useRealTimers();
}
