/** A server in front of the program that can bring out a newer release of the app: another page, and a worker that knows it. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export class Releases {
  #isNext = false;
  private constructor(
    private readonly server: Server,
    private readonly to: URL,
  ) {}

  static async open(to: URL): Promise<Releases> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const releases = new Releases(server, to);
    server.on("request", (asked, answer) => releases.#forward(asked, answer));
    return releases;
  }

  get address(): URL {
    return new URL(this.to.pathname, `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  next(): void {
    this.#isNext = true;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  #forward(asked: IncomingMessage, answer: ServerResponse): void {
    const path = asked.url ?? "/";
    const change = this.#isNext ? changeOf(path) : null;
    const headers = { ...asked.headers, ...(change && { "accept-encoding": "identity" }) };
    if (change) delete headers["if-none-match"];
    const { hostname, port } = this.to;
    const onward = request({ hostname, port, path, method: asked.method, headers }, async (said) => {
      if (!change) {
        answer.writeHead(said.statusCode ?? 502, said.headers);
        return void said.pipe(answer);
      }
      const body = change(Buffer.concat(await said.toArray()).toString());
      const { "content-length": _, etag: __, ...kept } = said.headers;
      answer.writeHead(said.statusCode ?? 502, kept);
      answer.end(body);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  }
}

/** What the newer release has otherwise at this address. */
function changeOf(path: string): ((body: string) => string) | null {
  const file = path.replace(/\?.*$/, "");
  if (file === "/app/sw.js") return (body) => body.replace(/("index\.html",revision:")/, "$1next-");
  const isPage = file.startsWith("/app/") && (file === "/app/index.html" || !file.includes("."));
  return isPage ? (body) => body.replace("</head>", '<meta name="release" content="next"></head>') : null;
}
