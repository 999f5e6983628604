/** Whose result it is and for which visit, as a link to that visit. */
import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { AnchorLink } from "../display/links";
import { participantQuery, type Session } from "../participant/participant";
import { useStudy } from "../study/study";

export function Owner({ session }: { session: Session }) {
  const study = useStudy();
  const { data, isPending } = useQuery(participantQuery(study.id, session.participant_id));
  if (isPending) return <Skeleton height={16} width={90} />;
  const visit = data?.visits.find(({ id }) => id === session.visit_id);
  return (
    <>
      <AnchorLink
        size="sm"
        to="/studies/$study/participants/$participant"
        params={{ study: study.code, participant: session.participant_id }}
        hash={session.visit_id ?? ""}
      >
        {data?.participant.participant_code ?? "Participant"}
      </AnchorLink>
      {visit && (
        <Text size="xs" c="dimmed">
          {visit.label}
        </Text>
      )}
    </>
  );
}
