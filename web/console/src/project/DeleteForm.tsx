/** Takes an instrument out of the REDCap project, with everything that records hold in it. */
import { List, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../api/client";
import { cameOf } from "../redcap/redcap";
import { useStudy } from "../study/study";
import { Frame } from "./Frame";
import { type FormDeletion, useOperation } from "./operation";
import { deletionDeed, deletionLoss } from "./words";

export function DeleteForm() {
  const { id: study } = useStudy();
  const [form, setForm] = useState("");
  const operation = useOperation<string, FormDeletion>(async (wish, way) => {
    const body = { ...way, form: wish };
    const params = { path: { study_id: study } };
    const answer = await take(api.POST("/api/studies/{study_id}/redcap/delete-form", { params, body }));
    return cameOf(study, answer, (job) => job.delete_form);
  });
  return (
    <Frame
      id="delete-form"
      title="Delete an instrument"
      about="Takes a form out of the REDCap project, with its fields and everything that records hold in them."
      operation={operation}
      wish={form.trim() || undefined}
      view={Shown}
      deed={deletionDeed}
      loss={deletionLoss}
      done={(deleted) => `${deleted.form} is deleted in REDCap`}
    >
      <TextInput
        label="Instrument"
        description="REDCap's own name of it, such as side_effects."
        maw={480}
        value={form}
        onChange={(event) => {
          setForm(event.currentTarget.value);
          operation.forget();
        }}
      />
    </Frame>
  );
}

function Shown({ preview: { form, fields, events, records } }: { preview: FormDeletion }) {
  return (
    <>
      <Text size="sm">
        {records === 0 ? "No record holds" : records === 1 ? "1 record holds" : `${records} records hold`} data in{" "}
        {form}
        {events.length > 0 && `, which is collected at ${events.join(", ")}`}.
      </Text>
      {fields.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            Its fields
          </Text>
          <List size="sm" spacing={2}>
            {fields.map(({ field, field_type: type, label }) => (
              <List.Item key={field}>
                {field} ({type}): {label}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </>
  );
}
