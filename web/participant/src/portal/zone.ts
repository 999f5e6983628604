/** The study's time zone; the device's own until the schedule has been read. */
import { useContext } from "preact/hooks";
import { createContext } from "preact";

export const ZoneContext = createContext<string | undefined>(undefined);

export function useZone(): string | undefined {
  return useContext(ZoneContext);
}
