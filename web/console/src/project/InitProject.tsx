/** Sets an empty REDCap project up: from the study's settings and visit windows, or from a design in a file. */
import { Anchor, FileInput, Radio, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../api/client";
import { Refusal } from "../api/refusal";
import { Wide } from "../display/Page";
import { cameOf } from "../redcap/redcap";
import { useStudy } from "../study/study";
import { DiffShown } from "./DiffShown";
import { Frame } from "./Frame";
import { type Init, useOperation } from "./operation";
import { designOf, initDeed, initLoss } from "./words";

interface Wish {
  /** Without one the design is made from the study. */
  file: File | null;
}

export function InitProject() {
  const { id: study } = useStudy();
  const [own, setOwn] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const operation = useOperation<Wish, Init>(async ({ file: given }, way) => {
    const design = given && designOf(await given.text(), given.name);
    if (typeof design === "string") throw new Refusal(0, "This is no design", design);
    const body = { ...way, ...(design && { design }) };
    const params = { path: { study_id: study } };
    const answer = await take(api.POST("/api/studies/{study_id}/redcap/init-project", { params, body }));
    return cameOf(study, answer, (job) => job.init_project);
  });
  const wish = own ? (file ? { file } : undefined) : { file: null };
  return (
    <Frame
      id="init-project"
      title="Set up an empty project"
      about="Writes dictionary, arms, events and what is collected when into a REDCap project in development without records."
      operation={operation}
      wish={wish}
      view={Shown}
      deed={(preview) => (preview.steps.length === 0 ? null : initDeed(preview))}
      loss={initLoss}
      done={() => "The project is set up. Sync its events next."}
    >
      <Radio.Group
        label="The design"
        value={own ? "file" : "study"}
        onChange={(value) => {
          setOwn(value === "file");
          operation.forget();
        }}
      >
        <Stack gap={6} mt={4}>
          <Radio value="study" label="Made from the study's settings and visit windows" />
          <Radio value="file" label="From a file" />
        </Stack>
      </Radio.Group>
      {own && (
        <FileInput
          label="Design"
          description="REDCap's dictionary as CSV, or JSON with it as “dictionary” and arms, events, form_event_mapping and repeating beside it."
          placeholder="Choose a file"
          accept=".csv,.json"
          clearable
          clearButtonProps={{ "aria-label": "Take the file away" }}
          maw={480}
          value={file}
          onChange={(chosen) => {
            setFile(chosen);
            operation.forget();
          }}
        />
      )}
    </Frame>
  );
}

function Shown({ preview }: { preview: Init }) {
  const csv = `data:text/csv;charset=utf-8,${encodeURIComponent(preview.design_dictionary)}`;
  return (
    <>
      {preview.becomes_longitudinal && <Text size="sm">The project becomes longitudinal: it gets events.</Text>}
      {preview.enables_scheduling && <Text size="sm">REDCap's scheduling is switched on, for the events' days.</Text>}
      <DiffShown diff={preview.dictionary} name="The dictionary of the design" />
      <Parts title="Arms" parts={preview.arms} />
      <Parts title="Events" parts={preview.events} />
      <Parts title="What is collected when" parts={preview.form_event_mapping} />
      <Parts title="What repeats" parts={preview.repeating} />
      {preview.design_dictionary && (
        <Anchor size="sm" href={csv} download="dictionary.csv">
          Download the dictionary of this design
        </Anchor>
      )}
    </>
  );
}

function Parts({ title, parts }: { title: string; parts: Init["arms"] }) {
  if (parts.length === 0) return null;
  return (
    <>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Wide label={title} stacks>
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Now</Table.Th>
              <Table.Th>Then</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {parts.map(({ name, before, after }) => (
              <Table.Tr key={name}>
                <Table.Td data-label="Name">{name}</Table.Td>
                <Table.Td data-label="Now">{before ?? "not there"}</Table.Td>
                <Table.Td data-label="Then">{after ?? "goes"}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </>
  );
}
