/** The study as the stories act on it from outside: REDCap's people through the simulator, the staff through the API. */
import { type Facts, Site } from "./site";

export type Ground = Pick<Facts, "study" | "metricis" | "redcap" | "sign_in">;

export interface Participant {
  id: string;
  record: string;
}

interface SessionRow {
  participant_id: string;
  sync_status: string;
}

export class Study {
  #records = 0;
  private constructor(
    readonly ground: Ground,
    private readonly token: string,
    private readonly site: Site | null,
  ) {}

  /** A demo of its own, or the one whose facts METRICIS_FACTS holds as JSON. */
  static async open(): Promise<Study> {
    const running = process.env["METRICIS_FACTS"];
    const site = running ? null : await Site.start();
    const ground = site?.facts ?? (JSON.parse(running ?? "") as Ground);
    return Study.signIn(ground, site);
  }

  /** The study of a demo that somebody else starts and stops. */
  static beside(ground: Ground): Promise<Study> {
    return Study.signIn(ground, null);
  }

  private static async signIn(ground: Ground, site: Site | null): Promise<Study> {
    const signedIn = await post(`${ground.metricis}/api/auth/login`, ground.sign_in);
    return new Study(ground, signedIn["access_token"] as string, site);
  }

  async close(): Promise<void> {
    await this.site?.stop();
  }

  /** The app's address; METRICIS_APP names another one, for example a preview of the pages. */
  get app(): string {
    return process.env["METRICIS_APP"] ?? `${this.ground.metricis}/app`;
  }

  /** Saves the enrolment form in REDCap, and waits until Metricis has made the participant of it. */
  async enroll(): Promise<Participant> {
    const record = await this.#save();
    const find = async () => {
      const listed = await this.#get(`participants?search=${encodeURIComponent(record)}`);
      const all = listed["participants"] as { id: string; external_id: string }[];
      return all.find((one) => one.external_id === record);
    };
    return { id: (await until(find)).id, record };
  }

  /** Renames, deletes or moves a record in REDCap, which announces none of these. */
  async rename({ record }: Participant, to: string): Promise<void> {
    await this.#act("rename", { record, new_record_name: to });
  }

  async delete({ record }: Participant): Promise<void> {
    await this.#act("delete", { record });
  }

  async moveTo(dag: string | null, { record }: Participant): Promise<void> {
    await this.#act("dag", { record, dag });
  }

  /** Saves a form that does not enroll. */
  async fill({ record }: Participant, instrument: string, values: Record<string, string>): Promise<void> {
    await this.#act("save", { record, instrument, values, complete: 1, user: "jsmith", dag: "site_north" });
  }

  /** Takes REDCap's trigger away, so that it announces nothing any more. */
  async silence(): Promise<void> {
    await this.#act("det-url", { url: null });
  }

  /** The name of a record that is enrolled in REDCap while it announces nothing. */
  async enrollUnheard(): Promise<string> {
    return this.#save();
  }

  /** Another study, in which nobody takes part yet, with the same settings and an empty project of this design; its code. */
  async anotherStudy(site: Site, xml: string): Promise<string> {
    const code = "EMPTY-1";
    const made = await post(`${this.ground.redcap}/sim/projects`, { xml });
    site.command(["study", "create", code, "--name", "Nobody yet", "--owner", this.ground.sign_in.email]);
    const to = ["--api-url", `${this.ground.redcap}/api/`, "--project-id", String(made["project_id"]), "--token-stdin"];
    site.command(["study", "set-redcap", code, ...to], `${String(made["token"])}\n`);
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.token}` };
    const listed = await json(await fetch(`${this.ground.metricis}/api/studies`, { headers }));
    const study = (listed["studies"] as { id: string; code: string }[]).find((one) => one.code === code);
    const { anchor_date_field, enrollment_instrument, redcap_field_mapping } = await this.#get("redcap");
    const settings = { anchor_date_field, enrollment_instrument, redcap_field_mapping };
    const redcap = `${this.ground.metricis}/api/studies/${study?.id}/redcap`;
    await json(await fetch(`${redcap}/settings`, { method: "PUT", headers, body: JSON.stringify(settings) }));
    // Its events are in the design that the settings make.
    await json(await fetch(`${redcap}/sync-events`, { method: "POST", headers }));
    return code;
  }

  /** Connects the study as somebody who sees the records of one group only. */
  async connectAs(dag: string): Promise<void> {
    const { token } = await this.#act("users", { username: `confined${++this.#records}`, dag });
    const connection = {
      api_url: `${this.ground.redcap}/api/`,
      project_id: String(await this.#project()),
      api_token: token,
    };
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.token}` };
    const url = `${this.#base}/redcap/connection`;
    await json(await fetch(url, { method: "PUT", headers, body: JSON.stringify(connection) }));
  }

  /** REDCap's data dictionary, as a person with rights to the project downloads it. */
  async dictionary(): Promise<string> {
    const { token } = await this.#act("users", { username: `designer${++this.#records}` });
    const body = new URLSearchParams({ token: token as string, content: "metadata", format: "csv" });
    const answer = await fetch(`${this.ground.redcap}/api/`, { method: "POST", body });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return answer.text();
  }

  async #act(how: string, order: object): Promise<Record<string, unknown>> {
    return post(`${this.ground.redcap}/sim/projects/${await this.#project()}/${how}`, order);
  }

  /** Saves the enrolment form of so many new records, and waits for nothing. */
  async announce(records: number): Promise<void> {
    for (let n = 0; n < records; n++) await this.#save();
  }

  async #save(): Promise<string> {
    this.#records += 1;
    const record = `S${Date.now()}-${this.#records}`;
    const enroll_date = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Zurich" }).format(new Date());
    const values = { enroll_date, participant_code: record, arm: "1", timezone: "Europe/Zurich" };
    const form = { record, instrument: "enrollment", values, complete: 2, user: "jsmith", dag: "site_north" };
    await post(`${this.ground.redcap}/sim/projects/${await this.#project()}/save`, form);
    return record;
  }

  /** Whatever names this study or something in it: its id first, a participant's, an event's, then codes, records and names. */
  async everyName(): Promise<string[]> {
    const { code, name } = await json(await fetch(this.#base, { headers: { authorization: `Bearer ${this.token}` } }));
    const people = (await this.#get("participants"))["participants"] as Record<string, string>[];
    const events = (await this.#get("webhooks"))["events"] as Record<string, string>[];
    const ids = [this.ground.study, people[0]?.["id"], events[0]?.["id"]];
    const others = [...people.slice(1), ...events.slice(1)].map(({ id }) => id);
    const words = people.flatMap((one) => [one["participant_code"], one["external_id"]]);
    const found = [...ids, ...others, code, name, this.ground.sign_in.email, ...words];
    // A record called by digits alone may stand in any id by chance.
    return found.filter((one): one is string => typeof one === "string" && !/^[0-9-]*$/.test(one));
  }

  async link({ id }: Participant): Promise<string> {
    const made = await post(`${this.#base}/participants/${id}/link`, {}, this.token);
    return `${this.app}/enter#${made["code"] as string}`;
  }

  /** How each of the participant's results stands with REDCap. */
  async sessionsOf({ id }: Participant): Promise<string[]> {
    const listed = (await this.#get("sessions"))["sessions"] as SessionRow[];
    return listed.filter((session) => session.participant_id === id).map((session) => session.sync_status);
  }

  /** `down`, `status:500` and so on, as on the simulator's page; blank repairs. */
  async breakRedcap(fault: string): Promise<void> {
    const body = new URLSearchParams({ fault });
    const url = `${this.ground.redcap}/projects/${await this.#project()}/fault`;
    await fetch(url, { method: "POST", body, redirect: "manual" });
  }

  /** Names the instruments that participants fill in as surveys, as a person does. */
  async nameSurveys(survey_instruments: string[]): Promise<void> {
    const authorization = `Bearer ${this.token}`;
    const headers = { "content-type": "application/json", authorization };
    const body = JSON.stringify({ survey_instruments });
    await json(await fetch(`${this.#base}/redcap/settings`, { method: "PUT", headers, body }));
  }

  /** Has all links fetched again, as a person orders, and waits for it. */
  async refreshLinks(): Promise<void> {
    await post(`${this.#base}/breaker/reset`, { reason: "REDCap is back" }, this.token);
    await post(`${this.#base}/redcap/refresh-survey-links`, {}, this.token);
  }

  /** The states of a participant's visits, by event. */
  async visitsOf({ id }: Participant): Promise<Record<string, string>> {
    const visits = (await this.#get(`participants/${id}`))["visits"] as { event_name: string; status: string }[];
    return Object.fromEntries(visits.map((visit) => [visit.event_name, visit.status]));
  }

  async resync(): Promise<void> {
    await post(`${this.#base}/breaker/reset`, { reason: "REDCap is back" }, this.token);
    await post(`${this.#base}/sync`, {}, this.token);
  }

  get #base(): string {
    return `${this.ground.metricis}/api/studies/${this.ground.study}`;
  }

  async #get(path: string): Promise<Record<string, unknown>> {
    return json(await fetch(`${this.#base}/${path}`, { headers: { authorization: `Bearer ${this.token}` } }));
  }

  async #project(): Promise<number> {
    const projects = (await (await fetch(`${this.ground.redcap}/sim/projects`)).json()) as { project_id: number }[];
    return projects[0]?.project_id ?? 0;
  }
}

async function post(url: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  return json(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function json(answer: Response): Promise<Record<string, unknown>> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${answer.url}: ${text}`);
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
