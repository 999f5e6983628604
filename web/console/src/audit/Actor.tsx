/** Who did it: a member by email, everything else by what it is. */
import { useQuery } from "@tanstack/react-query";
import { AnchorLink } from "../display/links";
import { words } from "../display/Status";
import { useStudy } from "../study/study";
import { membersQuery } from "./audit";

export function Actor({ kind, id }: { kind: string; id: string }) {
  const study = useStudy();
  const { data } = useQuery(membersQuery(study.id));
  if (kind === "participant") {
    return (
      <AnchorLink
        size="sm"
        to="/studies/$study/participants/$participant"
        params={{ study: study.code, participant: id }}
      >
        Participant
      </AnchorLink>
    );
  }
  if (kind !== "user")
    return <span title={id || undefined}>{kind === "operator" && id ? `Operator ${id}` : words(kind)}</span>;
  const email = data?.members.find((member) => member.user_id === id)?.email;
  return <span title={id}>{email ?? "A former member"}</span>;
}
