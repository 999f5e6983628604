/** The pages of a study; what waits for a person is counted beside its page. */
import { Stack } from "@mantine/core";
import {
  IconCalendarEvent,
  IconClipboardCheck,
  IconCloudX,
  IconDatabase,
  IconFlag,
  IconInbox,
  IconLayoutGrid,
  IconShieldCheck,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { dashboardQuery, useStudy } from "../study/study";
import classes from "./Shell.module.css";

const PAGES = [
  { to: "/studies/$study/today", label: "Today", icon: IconCalendarEvent },
  { to: "/studies/$study/participants", label: "Participants", icon: IconUsers },
  { to: "/studies/$study/matrix", label: "Visit matrix", icon: IconLayoutGrid },
  { to: "/studies/$study/events", label: "Events", icon: IconInbox },
  { to: "/studies/$study/flags", label: "Flags", icon: IconFlag },
  { to: "/studies/$study/failed-syncs", label: "Failed syncs", icon: IconCloudX },
  { to: "/studies/$study/redcap", label: "REDCap", icon: IconDatabase },
  { to: "/studies/$study/board", label: "Go / no-go", icon: IconClipboardCheck },
  { to: "/studies/$study/audit", label: "Audit", icon: IconShieldCheck },
] as const;

export function Navigation() {
  const study = useStudy();
  const { data } = useQuery(dashboardQuery(study.id));
  const counts: Record<string, number> = {
    Events: (data?.failed_events ?? 0) + (data?.stuck_events ?? 0),
    Flags: data?.open_flags ?? 0,
    "Failed syncs": data?.failed_syncs ?? 0,
  };
  return (
    <Stack component="nav" gap={2} aria-label="Pages of the study">
      {PAGES.map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} params={{ study: study.code }} className={classes["link"] ?? ""}>
          <Icon size={18} stroke={1.7} aria-hidden />
          {label}
          {!!counts[label] && (
            <span className={classes["count"]} aria-label={`${counts[label]} to look at`}>
              {counts[label]}
            </span>
          )}
        </Link>
      ))}
    </Stack>
  );
}
