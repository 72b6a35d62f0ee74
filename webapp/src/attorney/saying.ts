/**
 * What an attorney says that the server alone has to act on: nothing here changes what the page shows,
 * the next `desk` does. Not here: answering, the call, rings (`desk.ts`).
 */

import type { DutyMessage, Outcome } from "../live-contracts";

export abstract class Saying {
  /** Sends a message; false where the socket is not open. */
  protected abstract say(message: DutyMessage): boolean;
  /** The call in which this console is now. */
  protected abstract get within(): string | undefined;

  /** Interprets no longer; the call goes on without. */
  leave(): void {
    this.#inCall("leave");
  }

  /** Lets the interpreter go. */
  dismiss(): void {
    this.#inCall("dismiss");
  }

  /** Wants an interpreter of *language* in the call. */
  invite(language: string): void {
    const encounter = this.within;
    if (encounter !== undefined) this.say({ type: "invite", encounter, language });
  }

  /** Speaks to all who wait long, or no longer. */
  brief(on: boolean): void {
    this.say({ type: "brief", on });
  }

  /** Wants the colleague with this card to take the case over. */
  hand(encounter: string, to: string): void {
    this.say({ type: "hand", encounter, to });
  }

  /** Calls a hand-over off, or does not want what was to be handed over here. */
  remain(encounter: string): void {
    this.say({ type: "remain", encounter });
  }

  /** The words of the engagement are on this screen; false where nobody could be told. */
  shown(digest: string): boolean {
    const encounter = this.within;
    return encounter !== undefined && this.say({ type: "shown", encounter, digest });
  }

  /** Says what came of a call, for the desk's figures. */
  conclude(encounter: string, outcome: Outcome, followUp: boolean): void {
    this.say({ type: "outcome", encounter, outcome, follow_up: followUp });
  }

  /** Takes as long again for what was said. */
  extend(): void {
    this.say({ type: "extend" });
  }

  /** Ends wrap-up and pause. */
  ready(): void {
    this.say({ type: "ready" });
  }

  /** Takes over a callback that is owed, or says that it is done; false where nobody could be told. */
  callBack(encounter: string, done: boolean): boolean {
    return this.say({ type: "callback", encounter, done });
  }

  #inCall(type: "leave" | "dismiss"): void {
    const encounter = this.within;
    if (encounter !== undefined) this.say({ type, encounter });
  }
}
