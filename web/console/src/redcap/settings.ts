/** Saves parts of the mapping; what is not given stays as it is. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

/** Result → REDCap field, and the instrument that holds the fields. */
export interface TaskMapping {
  instrument: string;
  fields: Record<string, string>;
}

type Settings = Omit<Schemas["RedcapSettings"], "redcap_field_mapping"> & {
  redcap_field_mapping?: Record<string, TaskMapping>;
};

export function useSettings(said: string) {
  const study = useStudy();
  return useOrder({
    run: (given: Settings) => {
      // The API's description calls the mapping an object without saying what is in it.
      const body = given as Schemas["RedcapSettings"];
      return take(
        api.PUT("/api/studies/{study_id}/redcap/settings", { params: { path: { study_id: study.id } }, body }),
      );
    },
    topics: ["redcap", "settings", "board"],
    quiet: true,
    said: () => ({ title: said, message: "It holds from the next event or result on." }),
  });
}
