/** What this device keeps. Everything but the session is held apart by participant; nobody's work is ever under another's name. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Entry } from "../outbox/entry";
import type { Session } from "../session/session";
import type { Draft } from "../task/draft";

export interface Copy {
  owner: string;
  name: string;
  value: unknown;
  read_at: number;
  ahead_ms: number;
}

interface Kept extends DBSchema {
  session: { key: "current"; value: Session };
  copies: { key: [string, string]; value: Copy; indexes: { owner: string } };
  outbox: { key: string; value: Entry; indexes: { owner: string } };
  drafts: { key: string; value: Draft; indexes: { owner: string } };
}

export type Device = IDBPDatabase<Kept>;

export const DATABASE = "metricis";

/** `replaced`: another tab deletes the database, by signing out, or brings a newer one. */
export function openDevice(name = DATABASE, replaced: () => void = () => location.reload()): Promise<Device> {
  return openDB<Kept>(name, 1, {
    upgrade(db) {
      db.createObjectStore("session");
      db.createObjectStore("copies", { keyPath: ["owner", "name"] }).createIndex("owner", "owner");
      db.createObjectStore("outbox", { keyPath: "submission_key" }).createIndex("owner", "owner");
      db.createObjectStore("drafts", { keyPath: "key" }).createIndex("owner", "owner");
    },
    blocking: (_current, _blocked, event) => {
      (event.target as IDBDatabase).close();
      replaced();
    },
  });
}

/** More than one task's result needs. */
const ROOM_CHARACTERS = 200_000;

/** Whether a result could be kept: tried, because what browsers estimate is not what they do. Nothing of it stays. */
export async function hasRoom(device: Device): Promise<boolean> {
  const probe = { owner: "", name: "room", value: "x".repeat(ROOM_CHARACTERS), read_at: 0, ahead_ms: 0 };
  const write = async () => {
    await device.put("copies", probe);
    await device.delete("copies", [probe.owner, probe.name]);
    return true;
  };
  return write().catch(() => false);
}
