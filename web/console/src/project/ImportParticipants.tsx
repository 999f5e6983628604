/** Enrolls records that REDCap has already, such as those from before the study was connected. */
import { List, Table, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../api/client";
import { Wide } from "../display/Page";
import { cameOf } from "../redcap/redcap";
import { useStudy } from "../study/study";
import { Frame } from "./Frame";
import { type Import, useOperation } from "./operation";
import { enrolls, importCounts, importDeed, outcomeWords, recordNames } from "./words";

export function ImportParticipants() {
  const { id: study } = useStudy();
  const [text, setText] = useState("");
  const operation = useOperation<string[], Import>(async (names, way) => {
    const body = { ...way, ...(names.length > 0 && { records: names }) };
    const params = { path: { study_id: study } };
    const answer = await take(api.POST("/api/studies/{study_id}/redcap/import-participants", { params, body }));
    return cameOf(study, answer, (job) => job.import_participants);
  });
  return (
    <Frame
      id="import-participants"
      title="Import participants"
      about="Enrolls records that REDCap has already, as a saved form would. Nothing is written to REDCap; who is a participant already stays as they are."
      operation={operation}
      wish={recordNames(text)}
      view={Shown}
      deed={(preview) => (enrolls(preview) === 0 ? null : importDeed(preview))}
      done={({ enrolled }) =>
        enrolled === 1 ? "1 participant was enrolled" : `${enrolled} participants were enrolled`
      }
    >
      <Textarea
        label="Records"
        description="One on a line. Leave it empty for all whose enrollment form is complete."
        autosize
        minRows={2}
        maxRows={8}
        maw={480}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          operation.forget();
        }}
      />
    </Frame>
  );
}

function Shown({ preview }: { preview: Import }) {
  const counts = importCounts(preview);
  return (
    <>
      {counts.length === 0 && <Text size="sm">REDCap has no record to import.</Text>}
      <List size="sm" spacing={2}>
        {counts.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
      {preview.records.length > 0 && (
        <Wide label="Records" stacks>
          <Table verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Record</Table.Th>
                <Table.Th>What becomes of it</Table.Th>
                <Table.Th>Why</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {preview.records.map(({ record, outcome, reason }) => (
                <Table.Tr key={record}>
                  <Table.Td data-label="Record">{record}</Table.Td>
                  <Table.Td data-label="What">{outcomeWords(outcome)}</Table.Td>
                  <Table.Td data-label="Why" data-none={!reason}>
                    {reason}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
      {preview.not_listed > 0 && (
        <Text size="sm" c="dimmed">
          And {preview.not_listed} more, which are counted above and not listed.
        </Text>
      )}
    </>
  );
}
