/** The simulator's own pages, as a person at the hospital uses REDCap. */
import type { Page } from "playwright-core";

export class Simulator {
  constructor(
    private readonly page: Page,
    private readonly address: string,
  ) {}

  /** The demo's simulator has one project. */
  private async open(): Promise<string> {
    await this.page.goto(this.address);
    const link = await this.page.locator('a[href^="/projects/"]').first().getAttribute("href");
    await this.page.goto(`${this.address}${link}`);
    return `${this.address}${link}`;
  }

  /** Saves the enrollment form of a new record as complete. */
  async enroll(record: string, values: Record<string, string>): Promise<void> {
    await this.open();
    await this.page.locator('input[name="record"]').fill(record);
    await this.page.getByRole("button", { name: "Add" }).click();
    for (const [name, value] of Object.entries(values)) {
      const field = this.page.locator(`[name="${name}"]`);
      if ((await field.first().getAttribute("type")) === "radio")
        await field.and(this.page.locator(`[value="${value}"]`)).check();
      else await field.fill(value);
    }
    await this.page.getByLabel("Complete?").selectOption("2");
    await this.page.getByRole("button", { name: "Save" }).click();
    await this.page.getByText("The DET was answered with 200").waitFor();
  }

  /** One of the buttons that break or repair REDCap. */
  async press(button: string): Promise<void> {
    await this.open();
    await this.page.getByRole("button", { name: button, exact: true }).click();
  }

  /** The text of a record's page. */
  async record(record: string): Promise<string> {
    const project = await this.open();
    await this.page.goto(`${project}/records/${encodeURIComponent(record)}`);
    return this.page.locator("body").innerText();
  }
}
