/** What changes a REDCap project as a whole, or enrolls what is in it: each is previewed, then ordered as it was shown. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { AnchorLink } from "../display/links";
import { Callout } from "../display/Notice";
import { Page } from "../display/Page";
import { useStudy } from "../study/study";
import { DeleteForm } from "./DeleteForm";
import { ImportParticipants } from "./ImportParticipants";
import { InitProject } from "./InitProject";
import { PushDictionary } from "./PushDictionary";

const PARTS = [
  ["import-participants", "Import participants"],
  ["push-dictionary", "Push a data dictionary"],
  ["init-project", "Set up an empty project"],
  ["delete-form", "Delete an instrument"],
] as const;

export function Project() {
  const study = useStudy();
  return (
    <Page
      title="REDCap project"
      about={
        <Group gap="4px 16px" component="nav" aria-label="Parts of this page">
          <AnchorLink size="sm" to="/studies/$study/redcap" params={{ study: study.code }}>
            Back to REDCap
          </AnchorLink>
          {study.mayAdminister &&
            PARTS.map(([id, name]) => (
              <Anchor key={id} size="sm" href={`#${id}`}>
                {name}
              </Anchor>
            ))}
        </Group>
      }
    >
      {study.mayAdminister ? (
        <Stack gap="lg">
          <ImportParticipants />
          <PushDictionary />
          <InitProject />
          <DeleteForm />
        </Stack>
      ) : (
        <Callout tone="info">
          <Text size="sm">
            This page changes the REDCap project. It needs the role owner or admin on this study; yours is {study.role}.
          </Text>
        </Callout>
      )}
    </Page>
  );
}
