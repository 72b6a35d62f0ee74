/** Under which name this browser's storage holds what a number that was left needs. */

export const CALLBACKS = "accompany.callbacks";
