/** The typed client of Metricis's API; `schema.d.ts` is generated from docs/openapi.json by `npm run generate`. */
import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { components, paths } from "./schema";

export type { Middleware } from "openapi-fetch";
export type Schemas = components["schemas"];
export type Api = Client<paths>;
/** What may stand behind the question mark of a GET. */
export type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Asked } } }
  ? NonNullable<Asked>
  : never;
export type Problem = Schemas["Problem"];

/** A client of the server that served this page. */
export function createApi(options: ClientOptions = {}): Api {
  return createClient<paths>({ baseUrl: "/", ...options });
}
