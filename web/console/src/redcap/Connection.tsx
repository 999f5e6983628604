/** Where REDCap is and the token for it. The token is kept sealed and never shown; a new address asks for it again. */
import { Button, Group, PasswordInput, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { api, take } from "../api/client";
import { Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { Status } from "../display/Status";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import { OutcomeShown } from "./OutcomeShown";
import { testOutcome } from "./outcome";
import { type RedcapShown, useTest } from "./redcap";

interface Given {
  api_url: string;
  project_id: string;
  api_token: string;
}

export function Connection({ redcap }: { redcap: RedcapShown }) {
  const test = useTest();
  return (
    <Panel
      id="connection"
      title="Connection"
      about="As REDCap shows them on its API page."
      actions={
        <Status of={redcap.has_token ? "synced" : "failed"}>{redcap.has_token ? "Token stored" : "No token"}</Status>
      }
    >
      <Address redcap={redcap}>
        <Button variant="default" loading={test.isPending} disabled={!redcap.has_token} onClick={() => test.mutate()}>
          Test connection
        </Button>
      </Address>
      <Stack mt={test.data || test.error ? "md" : 0}>
        {test.error && <Failure error={test.error} />}
        {test.data && !test.isPending && <OutcomeShown outcome={testOutcome(test.data)} />}
      </Stack>
    </Panel>
  );
}

/** The address and the token; `children` stand beside the button that saves them. */
function Address({ redcap, children }: { redcap: RedcapShown; children: ReactNode }) {
  const study = useStudy();
  const save = useSave();
  const form = useForm<Given>({
    initialValues: { api_url: redcap.api_url ?? "", project_id: redcap.project_id ?? "", api_token: "" },
    validate: {
      api_url: (value) => (value.trim() ? null : "Enter the address of REDCap's API"),
      project_id: (value) => (/^\d+$/.test(value.trim()) ? null : "Enter the project's number"),
      api_token: (value) => (value || redcap.has_token ? null : "Enter the token of the project"),
    },
  });
  const order = (given: Given) => save.mutate(given, { onSuccess: () => form.setFieldValue("api_token", "") });
  return (
    <form onSubmit={form.onSubmit(order)} noValidate>
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
              {children}
            </Group>
          )}
        </Stack>
      </fieldset>
    </form>
  );
}

function useSave() {
  const study = useStudy();
  return useOrder({
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
}
