/** What every page has at hand: the device, its signal, the uploader, and whose session it is. */
import { useQuery } from "@tanstack/react-query";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Signal } from "../device/signal";
import type { Device } from "../device/store";
import { currentSession, type Session } from "./session";

export interface App {
  device: Device;
  signal: Signal;
  /** Asks for an upload now. */
  uploadNow: () => void;
  /** Sends all that can be sent, also what another tab is sending, and then comes back. */
  uploadAll: () => Promise<void>;
}

export const AppContext = createContext<App | null>(null);
export const SessionContext = createContext<Session | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("AppContext is missing");
  return app;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("SessionContext is missing");
  return session;
}

/** `undefined` until it has been read. */
export function useCurrentSession(): Session | null | undefined {
  return useKept("session", currentSession);
}

/** Reads from the device; `KEPT` queries are read again whenever a tab says that the device has changed. */
export function useKept<T>(name: string, read: (device: Device) => Promise<T>): T | undefined {
  const { device } = useApp();
  return useQuery({ queryKey: [KEPT, name], queryFn: () => read(device) }).data;
}

export const KEPT = "kept";
