/** A value that can be watched. What it means, and how a page shows it, is not here. */

export type Unwatch = () => void;

export interface Watched<T> {
  readonly value: T;
  watch(callback: (value: T) => void): Unwatch;
}

export class Store<T> implements Watched<T> {
  readonly #watchers = new Set<(value: T) => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher(value);
  }

  /** Changes some fields of an object value. */
  merge(part: Partial<T>): void {
    this.set({ ...this.#value, ...part });
  }

  watch(callback: (value: T) => void): Unwatch {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }
}
