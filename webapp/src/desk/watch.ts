/** What a coordinator watches: the board as the server tells it, and the ring when nobody has answered. */

import { Bell } from "../attorney/bell";
import type { FromDesk, ToDesk } from "../live-contracts";
import { CALM, Live, type Connection, type ServerClock } from "../live";
import { Store } from "../store";
import { readToDesk, type Board } from "./answers";
import { signInAs, type Person } from "./person";

export interface Seen {
  connection: Connection;
  /** null until the server said something */
  board: Board | null;
  /** presses that nobody answered and whose ring was not stopped here */
  alarms: readonly string[];
  /** whether a ring would be heard */
  armed: boolean;
}

export class Watch {
  readonly view = new Store<Seen>({ connection: "connecting", board: null, alarms: [], armed: false });
  readonly bell = new Bell();
  readonly clock: ServerClock;
  readonly #live: Live<FromDesk, ToDesk>;
  readonly #silenced = new Set<string>();

  constructor(person: Person, clock: ServerClock) {
    this.clock = clock;
    this.#live = new Live(
      {
        path: "/api/live/desk",
        read: readToDesk,
        greet: () => [{ type: "look" }],
        prepare: () => signInAs(person, clock),
        quiet: () => CALM,
      },
      clock,
    );
    this.#live.connection.watch((connection) => this.view.merge({ connection }));
    this.#live.listen((message) => {
      if (message.type === "board") this.#show(message);
    });
  }

  /** Lets this page sound; must be called from a click. */
  async arm(): Promise<void> {
    await this.bell.arm();
    this.view.merge({ armed: this.bell.armed });
    this.#ring();
  }

  silence(): void {
    for (const encounter of this.view.value.alarms) this.#silenced.add(encounter);
    this.#ring();
  }

  owed(encounter: string, what: "done" | "undone" | "mine"): void {
    this.#live.send({ type: "owed", encounter, what });
  }

  #show(board: Board): void {
    this.view.merge({ board });
    this.#ring();
  }

  #ring(): void {
    const presses = this.view.value.board?.presses ?? [];
    const alarms = presses
      .filter(({ stage, callback_due, encounter }) => {
        return stage !== "answered" && callback_due !== null && !this.#silenced.has(encounter);
      })
      .map(({ encounter }) => encounter);
    this.view.merge({ alarms });
    if (alarms.length > 0) this.bell.start();
    else this.bell.stop();
  }
}
