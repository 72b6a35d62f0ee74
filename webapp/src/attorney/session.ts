/** A session by the card's key. Not here: passkeys and recovery sheets (account). */

import { writeLines, writeTime } from "../evidence/text";
import type { Attorney } from "../keys";
import type { ServerClock } from "../live";
import { signIn } from "../service";

/** Opens a session with the card's key (POST /api/sessions). */
export async function signInAs(attorney: Attorney, clock: ServerClock): Promise<void> {
  await signIn((challenge) =>
    attorney.sign(
      writeLines("accompany/session/v1", [
        ["serial", attorney.serial],
        ["challenge", challenge],
        ["time", writeTime(clock.now())],
      ]),
    ),
  );
}
