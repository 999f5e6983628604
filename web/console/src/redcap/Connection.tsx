/** Where REDCap is and the token for it. The token is kept sealed and never shown; a new address asks for it again. */
import { Button, Group, PasswordInput, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, take } from "../api/client";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { Status } from "../display/Status";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import { type Outcome, type RedcapShown, useCall } from "./redcap";

interface Given {
  api_url: string;
  project_id: string;
  api_token: string;
}

export function Connection({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const test = useCall("test-connection");
  const form = useForm<Given>({
    initialValues: { api_url: redcap.api_url ?? "", project_id: redcap.project_id ?? "", api_token: "" },
    validate: {
      api_url: (value) => (value.trim() ? null : "Enter the address of REDCap's API"),
      project_id: (value) => (/^\d+$/.test(value.trim()) ? null : "Enter the project's number"),
      api_token: (value) => (value || redcap.has_token ? null : "Enter the token of the project"),
    },
  });
  const save = useOrder({
    run: ({ api_token, ...rest }: Given) =>
      take(
        api.PUT("/api/studies/{study_id}/redcap/connection", {
          params: { path: { study_id: study.id } },
          body: { ...rest, ...(api_token && { api_token }) },
        }),
      ),
    topics: ["redcap", "settings", "board"],
    quiet: true,
    said: () => ({ title: "Connection saved", message: "Test it before you rely on it." }),
  });
  return (
    <Panel
      id="connection"
      title="Connection"
      about="As REDCap shows them on its API page."
      actions={
        <Status of={redcap.has_token ? "synced" : "failed"}>{redcap.has_token ? "Token stored" : "No token"}</Status>
      }
    >
      <form
        onSubmit={form.onSubmit((given) =>
          save.mutate(given, { onSuccess: () => form.setFieldValue("api_token", "") }),
        )}
        noValidate
      >
        <fieldset disabled={!study.mayAdminister} className="bare">
          <Stack>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput label="API address" placeholder="https://HOST/api/" {...form.getInputProps("api_url")} />
              <TextInput label="Project id" inputMode="numeric" {...form.getInputProps("project_id")} />
            </SimpleGrid>
            {study.mayAdminister && (
              <PasswordInput
                label={redcap.has_token ? "New API token" : "API token"}
                description={
                  redcap.has_token
                    ? "Leave it empty to keep the stored one. Another server needs it again."
                    : "Stored sealed; it is not shown again."
                }
                autoComplete="off"
                {...form.getInputProps("api_token")}
              />
            )}
            {save.error && <Failure error={save.error} />}
            {study.mayAdminister && (
              <Group>
                <Button type="submit" loading={save.isPending}>
                  Save connection
                </Button>
                <Button
                  variant="default"
                  loading={test.isPending}
                  disabled={!redcap.has_token}
                  onClick={() => test.mutate()}
                >
                  Test connection
                </Button>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
      <Stack mt={test.data || test.error ? "md" : 0}>
        {test.error && <Failure error={test.error} />}
        {test.data && !test.isPending && <Tested outcome={test.data} />}
      </Stack>
    </Panel>
  );
}

/** REDCap's own answer to the test. */
function Tested({ outcome }: { outcome: Outcome }) {
  if (!outcome.success) {
    return (
      <Callout tone="bad">
        <Text fw={600}>The test failed</Text>
        <Text size="sm">{outcome.error ?? outcome.error_type ?? "REDCap gave no reason."}</Text>
      </Callout>
    );
  }
  return (
    <Callout tone="good">
      <Text fw={600}>REDCap answered</Text>
      <Text size="sm">
        Version {String(outcome["version"] ?? "unknown")}, project {String(outcome["project_id"] ?? "unknown")} “
        {String(outcome["project_title"] ?? "")}”{outcome["is_longitudinal"] === true ? ", longitudinal" : ""}.
      </Text>
    </Callout>
  );
}
