/** The line between a browser and the program: real sockets, which a story can cut. */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export class Line {
  #isCut = false;
  readonly #open = new Set<Socket>();
  private constructor(
    private readonly server: Server,
    private readonly to: URL,
  ) {}

  static async open(to: URL): Promise<Line> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const line = new Line(server, to);
    server.on("connection", (browser) => line.#connect(browser));
    return line;
  }

  /** `address` as it is reached over this line. */
  over(address: string): string {
    const url = new URL(address, this.to);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #connect(browser: Socket): void {
    if (this.#isCut) return void browser.destroy();
    const program = connect(Number(this.to.port), this.to.hostname);
    for (const [from, into] of [
      [browser, program],
      [program, browser],
    ] as const) {
      this.#open.add(from);
      from.pipe(into);
      from.on("error", () => into.destroy());
      from.on("close", () => {
        this.#open.delete(from);
        into.destroy();
      });
    }
  }
}
