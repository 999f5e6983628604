/** How a person works a page: with a pointer, or with the keyboard alone. A story is told once and played by both. */
import type { Locator, Page } from "playwright-core";

/** More stops than any page has. */
const STOPS = 400;

export type By = "pointer" | "keyboard";

export class Hand {
  constructor(
    readonly page: Page,
    readonly by: By,
  ) {}

  /** Follows a link or presses a button. */
  async press(target: Locator): Promise<void> {
    await target.waitFor();
    if (this.by === "pointer") return target.click();
    await this.reach(target);
    await this.page.keyboard.press("Enter");
  }

  /** Replaces what a field holds. */
  async type(target: Locator, text: string): Promise<void> {
    await target.waitFor();
    if (this.by === "pointer") return target.fill(text);
    await this.reach(target);
    if ((await target.getAttribute("type")) === "date") return typeDate(target, text);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }

  /** Chooses an option of a native select by its value. */
  async choose(target: Locator, value: string): Promise<void> {
    await target.waitFor();
    if (this.by === "keyboard") await this.reach(target);
    await target.selectOption(value);
  }

  /** Goes from stop to stop until the target has the focus; a target that Tab cannot reach fails the story. */
  async reach(target: Locator): Promise<void> {
    for (let stop = 0; stop < STOPS; stop++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${target}`);
  }
}

/** A date field takes its parts in the order of the browser's language: the other order is tried when the first is not it. */
async function typeDate(target: Locator, date: string): Promise<void> {
  const { keyboard } = target.page();
  const [year = "", month = "", day = ""] = date.split("-");
  for (const parts of [day + month + year, month + day + year]) {
    await keyboard.type(parts);
    if ((await target.inputValue()) === date) return;
    await keyboard.press("ArrowLeft");
    await keyboard.press("ArrowLeft");
  }
  throw new Error(`the date field holds ${await target.inputValue()}, not ${date}`);
}
