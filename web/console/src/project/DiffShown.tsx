/** What distinguishes two dictionaries, field by field: what comes, what goes, and each column before and after. */
import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Wide } from "../display/Page";
import { Status, words } from "../display/Status";
import classes from "./Project.module.css";
import type { Diff } from "./operation";
import { unchanged } from "./words";

type Change = Diff["fields_changed"][number];

export function DiffShown({ diff, name }: { diff: Diff; name: string }) {
  if (unchanged(diff)) return <Text size="sm">The dictionary stays as it is.</Text>;
  return (
    <>
      <Names title="Instruments that are added" names={diff.instruments_added} />
      <Names title="Instruments that go" names={diff.instruments_removed} />
      {diff.order_changed && <Text size="sm">Fields that stay stand in another order.</Text>}
      <Wide label={name} stacks>
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Field</Table.Th>
              <Table.Th>Instrument</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th>How</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {diff.fields_removed.map(({ field, instrument, field_type: type, label }) => (
              <Row key={`- ${field}`} field={field} instrument={instrument} of="goes">
                {type}: {label}
              </Row>
            ))}
            {diff.fields_changed.map((change) => (
              <Row key={`~ ${change.field}`} field={change.field} instrument={change.instrument} of="changes">
                <Columns change={change} />
              </Row>
            ))}
            {diff.fields_added.map(({ field, instrument, field_type: type, label }) => (
              <Row key={`+ ${field}`} field={field} instrument={instrument} of="comes">
                {type}: {label}
              </Row>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </>
  );
}

function Names({ title, names }: { title: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <Text size="sm">
      {title}: {names.join(", ")}
    </Text>
  );
}

interface RowProps {
  field: string;
  instrument: string;
  of: "goes" | "changes" | "comes";
  children: ReactNode;
}

function Row({ field, instrument, of, children }: RowProps) {
  return (
    <Table.Tr>
      <Table.Td data-label="Field">{field}</Table.Td>
      <Table.Td data-label="Instrument">{instrument}</Table.Td>
      <Table.Td data-label="What">
        <Status of={of} />
      </Table.Td>
      <Table.Td data-label="How">
        <div>{children}</div>
      </Table.Td>
    </Table.Tr>
  );
}

function Columns({ change }: { change: Change }) {
  return (
    <>
      {change.moved_from && <Text size="sm">It moves here from {change.moved_from}.</Text>}
      {change.choices_removed.length > 0 && (
        <Text size="sm">
          Choices that go: {change.choices_removed.map(({ code, label }) => `${code} (${label})`).join(", ")}
        </Text>
      )}
      {change.columns.map(({ column, before, after }) => (
        <Text key={column} size="sm">
          {words(column)}: <del className={classes["before"]}>{before || "nothing"}</del> →{" "}
          <ins className={classes["after"]}>{after || "nothing"}</ins>
        </Text>
      ))}
    </>
  );
}
