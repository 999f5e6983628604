/** Whose result it is and for which visit, as a link to that visit. */
import { Text } from "@mantine/core";
import { AnchorLink } from "../display/links";
import type { Session } from "../participant/participant";
import { useStudy } from "../study/study";

export function Owner({ session }: { session: Session }) {
  const study = useStudy();
  return (
    <>
      <AnchorLink
        size="sm"
        to="/studies/$study/participants/$participant"
        params={{ study: study.code, participant: session.participant_id }}
        hash={session.visit_id ?? ""}
      >
        {session.participant_code}
      </AnchorLink>
      {session.visit_label && (
        <Text size="xs" c="dimmed">
          {session.visit_label}
        </Text>
      )}
    </>
  );
}
