/** Under which names this browser's storage holds what telling people needs. */

export const PEOPLE = "accompany.people";
export const RELEASE = "accompany.release";
export const CHECK_INS = "accompany.check-ins";
