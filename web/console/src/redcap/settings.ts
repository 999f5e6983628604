/** Saves parts of the settings; what is not given stays as it is. */
import type { Schemas } from "@metricis/api";
import { useQueryClient } from "@tanstack/react-query";
import { api, take } from "../api/client";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import { redcapQuery } from "./redcap";

export function useSettings(said: string) {
  const study = useStudy();
  const client = useQueryClient();
  return useOrder({
    run: async (body: Schemas["RedcapSettings"]) => {
      const params = { path: { study_id: study.id } };
      const saved = await take(api.PUT("/api/studies/{study_id}/redcap/settings", { params, body }));
      client.setQueryData(redcapQuery(study.id).queryKey, saved);
    },
    topics: ["redcap", "settings", "board"],
    quiet: true,
    said: () => ({ title: said, message: "It holds from the next event or result on." }),
  });
}
