/** The typed client of Metricis's API; `schema.d.ts` is generated from docs/openapi.json by `scripts/generated`. */
import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { components, paths } from "./schema";

export type { Middleware } from "openapi-fetch";
export type Paths = paths;
export type Schemas = components["schemas"];
export type Api<P extends object = paths> = Client<P>;
export type Problem = Schemas["Problem"];

/** A client of the server that served this page. */
export function createApi<P extends object = paths>(options: ClientOptions = {}): Api<P> {
  return createClient<P>({ baseUrl: "/", ...options });
}
