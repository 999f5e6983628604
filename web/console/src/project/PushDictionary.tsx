/** Gives REDCap another data dictionary, from the CSV that REDCap itself downloads. */
import { FileInput, Table, Text } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../api/client";
import { Wide } from "../display/Page";
import { cameOf } from "../redcap/redcap";
import { useStudy } from "../study/study";
import { DiffShown } from "./DiffShown";
import { Frame } from "./Frame";
import { type Push, useOperation } from "./operation";
import { pushDeed, pushLoss, unchanged } from "./words";

export function PushDictionary() {
  const { id: study } = useStudy();
  const [file, setFile] = useState<File | null>(null);
  const operation = useOperation<File, Push>(async (wish, way) => {
    const body = { ...way, dictionary: await wish.text() };
    const params = { path: { study_id: study } };
    const answer = await take(api.POST("/api/studies/{study_id}/redcap/push-dictionary", { params, body }));
    return cameOf(study, answer, (job) => job.push_dictionary);
  });
  const choose = (chosen: File | null) => {
    setFile(chosen);
    operation.forget();
  };
  return (
    <Frame
      id="push-dictionary"
      title="Push a data dictionary"
      about="Replaces REDCap's dictionary by a file. The preview shows each field that comes, goes or changes, and how many records hold what would go."
      operation={operation}
      wish={file ?? undefined}
      view={Shown}
      deed={(preview) => (unchanged(preview.diff) ? null : pushDeed(preview))}
      loss={pushLoss}
      done={({ written }) => `REDCap has the dictionary${written ? `: ${written} fields` : ""}`}
    >
      <FileInput
        label="Data dictionary"
        description="REDCap's CSV of 18 columns, as it downloads it."
        placeholder="Choose a file"
        accept=".csv,text/csv"
        clearable
        clearButtonProps={{ "aria-label": "Take the file away" }}
        maw={480}
        value={file}
        onChange={choose}
      />
    </Frame>
  );
}

function Shown({ preview }: { preview: Push }) {
  return (
    <>
      <DiffShown diff={preview.diff} name="Changes of the dictionary" />
      <Losses losses={preview.losses} />
    </>
  );
}

function Losses({ losses }: { losses: Push["losses"] }) {
  if (losses.length === 0) return null;
  return (
    <>
      <Text size="sm" fw={600}>
        Stored values that go
      </Text>
      <Wide label="Stored values that go" stacks>
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Field</Table.Th>
              <Table.Th>Instrument</Table.Th>
              <Table.Th>What goes</Table.Th>
              <Table.Th>Records that hold it</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {losses.map(({ field, instrument, choice, records }) => (
              <Table.Tr key={`${field} ${choice ?? ""}`}>
                <Table.Td data-label="Field">{field}</Table.Td>
                <Table.Td data-label="Instrument">{instrument}</Table.Td>
                <Table.Td data-label="What goes">
                  {choice === null ? "the whole field" : `the choice ${choice}`}
                </Table.Td>
                <Table.Td data-label="Records">{records}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </>
  );
}
