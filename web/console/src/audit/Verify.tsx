/** Recomputes the chain on the server and says how far it holds, or which row does not fit. */
import { Button, Group, Text } from "@mantine/core";
import type { Schemas } from "@metricis/api";
import { useMutation } from "@tanstack/react-query";
import { api, take } from "../api/client";
import { AnchorLink } from "../display/links";
import { Callout, Failure } from "../display/Notice";
import { Status } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";

interface Checked {
  at: string;
  result: Schemas["ChainVerified"];
}

export function Verify() {
  const study = useStudy();
  const check = useMutation({
    mutationFn: async (): Promise<Checked> => {
      const params = { path: { study_id: study.id } };
      const result = await take(api.GET("/api/studies/{study_id}/audit/verify", { params }));
      return { result, at: new Date().toISOString() };
    },
  });
  const tone = check.data ? (check.data.result.valid ? "good" : "bad") : "quiet";
  return (
    <>
      <Callout tone={tone}>
        <Group justify="space-between">
          <div aria-live="polite">
            {check.data ? (
              <Said checked={check.data} />
            ) : (
              <Text size="sm">Verifying reads every row by a path of its own and computes each hash again.</Text>
            )}
          </div>
          <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
            {check.data ? "Verify again" : "Verify the chain"}
          </Button>
        </Group>
      </Callout>
      {check.error && <Failure error={check.error} />}
    </>
  );
}

function Said({ checked: { at, result } }: { checked: Checked }) {
  const study = useStudy();
  if (result.valid) {
    return (
      <Group gap="sm">
        <Status of="synced">Valid</Status>
        <Text size="sm">
          Chain valid through row {result.valid_through}, every stored result as it was submitted, checked{" "}
          <When at={at} />.
          {result.results_not_covered > 0 &&
            ` ${result.results_not_covered} older results were submitted before results had a digest.`}
        </Text>
      </Group>
    );
  }
  return (
    <Group gap="sm">
      <Status of="failed">Not valid</Status>
      <Text size="sm">
        {result.row ? (
          <AnchorLink
            size="sm"
            underline="always"
            to="/studies/$study/audit"
            params={{ study: study.code }}
            search={{ row: String(result.row) }}
          >
            Row {result.row}
          </AnchorLink>
        ) : (
          "The chain"
        )}{" "}
        does not fit: {result.mismatch ?? "no reason was given"}.
        {result.altered_sessions.length > 0 &&
          ` Results that are not as submitted: ${result.altered_sessions.join(", ")}.`}{" "}
        Keep the database as it is and call the engineer on standby.
      </Text>
    </Group>
  );
}
