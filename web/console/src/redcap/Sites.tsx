/** Sites and REDCap's data access groups: a record of a group without a site fails its event, by name. */
import { Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { api, take } from "../api/client";
import { Failure, Waiting } from "../display/Notice";
import { Panel, Wide } from "../display/Page";
import { sitesQuery } from "../participant/participant";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

export function Sites() {
  const study = useStudy();
  const asked = useQuery(sitesQuery(study.id));
  return (
    <Panel
      id="sites"
      title="Groups and sites"
      about="Each data access group of REDCap belongs to one site. An event of a group that is not listed fails and names it."
    >
      <Stack>
        {asked.isPending && <Waiting rows={3} />}
        {asked.isError && <Failure error={asked.error} onRetry={() => void asked.refetch()} />}
        {asked.data?.sites.length === 0 && (
          <Text size="sm" c="dimmed">
            No site yet. Without data access groups in REDCap none is needed.
          </Text>
        )}
        {asked.data && asked.data.sites.length > 0 && (
          <Wide label="Sites">
            <Table verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>REDCap's group</Table.Th>
                  <Table.Th>Site</Table.Th>
                  <Table.Th>Name</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {asked.data.sites.map((site) => (
                  <Table.Tr key={site.id}>
                    <Table.Td>{site.redcap_dag ?? "none"}</Table.Td>
                    <Table.Td>{site.code}</Table.Td>
                    <Table.Td>{site.name}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
        {study.mayAdminister && <AddSite />}
      </Stack>
    </Panel>
  );
}

function AddSite() {
  const study = useStudy();
  const form = useForm({
    initialValues: { code: "", name: "", redcap_dag: "" },
    validate: {
      code: (value) => (value.trim() ? null : "Enter the sponsor's code of the site"),
      name: (value) => (value.trim() ? null : "Enter the site's name"),
    },
  });
  const order = useOrder({
    run: ({ code, name, redcap_dag: dag }: typeof form.values) =>
      take(
        api.POST("/api/studies/{study_id}/sites", {
          params: { path: { study_id: study.id } },
          body: { code: code.trim(), name: name.trim(), ...(dag.trim() && { redcap_dag: dag.trim() }) },
        }),
      ),
    topics: ["settings", "redcap"],
    quiet: true,
    said: (site) => ({ title: `Site ${site.code} added`, message: "Failed events of its group can be replayed now." }),
  });
  return (
    <form onSubmit={form.onSubmit((given) => order.mutate(given, { onSuccess: form.reset }))} noValidate>
      <Stack gap="sm">
        {order.error && <Failure error={order.error} />}
        <Group align="flex-start">
          <TextInput label="REDCap's group" description="Its unique name" {...form.getInputProps("redcap_dag")} />
          <TextInput label="Site code" description="The sponsor's" {...form.getInputProps("code")} />
          <TextInput label="Site name" description="As people say it" {...form.getInputProps("name")} />
        </Group>
        <Button type="submit" variant="default" w="fit-content" loading={order.isPending}>
          Add site
        </Button>
      </Stack>
    </form>
  );
}
