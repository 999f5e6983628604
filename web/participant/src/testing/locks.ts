/** Web Locks for tests, shared by "tabs"; a killed tab's lock falls. */
interface Held {
  mode: LockMode;
  release: () => void;
}

export class Locks {
  readonly #held = new Map<string, Held[]>();
  readonly #waiting: (() => void)[] = [];

  /** A tab's own view; `kill` frees whatever the tab holds and leaves its work hanging. */
  tab(): { request: LockManager["request"]; kill: () => void } {
    const mine: Held[] = [];
    const request = async (name: string, ...rest: unknown[]) => {
      const callback = rest.at(-1) as (lock: Lock | null) => unknown;
      const { mode = "exclusive", ifAvailable = false } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
      while (!this.#free(name, mode)) {
        if (ifAvailable) return callback(null);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      const held = { mode, release: () => this.#release(name, held) };
      this.#held.set(name, [...(this.#held.get(name) ?? []), held]);
      mine.push(held);
      try {
        return await callback({ name, mode });
      } finally {
        held.release();
      }
    };
    return { request: request as LockManager["request"], kill: () => mine.forEach((held) => held.release()) };
  }

  #free(name: string, mode: LockMode): boolean {
    const held = this.#held.get(name) ?? [];
    return held.length === 0 || (mode === "shared" && held.every((one) => one.mode === "shared"));
  }

  #release(name: string, gone: Held): void {
    this.#held.set(
      name,
      (this.#held.get(name) ?? []).filter((held) => held !== gone),
    );
    this.#waiting.splice(0).forEach((wake) => wake());
  }
}
