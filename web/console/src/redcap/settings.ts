/** Saves parts of the mapping; what is not given stays as it is. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

/** Result → REDCap field, and the instrument that holds the fields. */
export type TaskMapping = Schemas["TaskFields"];

export function useSettings(said: string) {
  const study = useStudy();
  return useOrder({
    run: (body: Schemas["RedcapSettings"]) =>
      take(api.PUT("/api/studies/{study_id}/redcap/settings", { params: { path: { study_id: study.id } }, body })),
    topics: ["redcap", "settings", "board"],
    quiet: true,
    said: () => ({ title: said, message: "It holds from the next event or result on." }),
  });
}
