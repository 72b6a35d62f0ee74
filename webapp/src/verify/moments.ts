/** What is known of each statement, for the picture of a recording: its time, its bytes, and what is withheld. Pure. */

import type { Receipt } from "../evidence/receipts";
import type { Following } from "../evidence/statements";
import type { Chain } from "./chain";
import type { Moment } from "./report";

/** Of each statement once, in order, with when it began by the device; `withheld`: reasons by number. */
export function momentsOf(
  { opening, following }: Chain,
  receipts: ReadonlyMap<number, Receipt>,
  withheld: ReadonlyMap<number, string>,
): (Moment & { began: number })[] {
  if (opening === null) return [];
  const items = [opening, ...new Map(following.map((item) => [item.number, item])).values()];
  return items
    .sort((one, other) => one.number - other.number)
    .map((item) => {
      const receipt = receipts.get(item.number);
      return {
        number: item.number,
        form: item.form,
        offset: item.form === "opening" ? 0 : item.offset,
        duration: "duration" in item ? item.duration : 0,
        reason: "reason" in item ? item.reason : "",
        began: item.time,
        ended: item.form === "opening" ? item.time : endOf(item),
        received: receipt?.time ?? null,
        bytes: receipt?.bytes ?? "",
        withheld: withheld.get(item.number) ?? "",
      };
    });
}

/** When it ended by the device's clock. */
export function endOf(statement: Following): number {
  return statement.time + (statement.form === "closing" ? 0 : statement.duration);
}
