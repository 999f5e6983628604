/** A status told three times: by a shape, by a word and by a color. */
import {
  IconAlertTriangleFilled,
  IconBan,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCirclePlus,
  IconCircleXFilled,
  IconClock,
  IconCopy,
  IconDiamondFilled,
  IconPlayerPauseFilled,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Status.module.css";

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";

interface Look {
  tone: Tone;
  word: string;
  shape: typeof IconBan;
}

const LOOKS: Record<string, Look> = {
  completed: { tone: "good", word: "Completed", shape: IconCircleCheckFilled },
  due: { tone: "info", word: "Due", shape: IconDiamondFilled },
  none: { tone: "quiet", word: "None", shape: IconCircleDashed },
  overdue: { tone: "bad", word: "Overdue", shape: IconAlertTriangleFilled },
  upcoming: { tone: "quiet", word: "Upcoming", shape: IconCircleDashed },
  missed: { tone: "warn", word: "Missed", shape: IconCircleXFilled },
  cancelled: { tone: "quiet", word: "Cancelled", shape: IconBan },
  pending: { tone: "info", word: "Pending", shape: IconClock },
  synced: { tone: "good", word: "Synced", shape: IconCircleCheckFilled },
  failed: { tone: "bad", word: "Failed", shape: IconAlertTriangleFilled },
  received: { tone: "info", word: "Received", shape: IconCircleDashed },
  processing: { tone: "info", word: "Processing", shape: IconClock },
  processed: { tone: "good", word: "Processed", shape: IconCircleCheckFilled },
  duplicate: { tone: "quiet", word: "Duplicate", shape: IconCopy },
  stuck: { tone: "bad", word: "Stuck", shape: IconAlertTriangleFilled },
  screened: { tone: "warn", word: "Screened", shape: IconCircleDashed },
  enrolled: { tone: "good", word: "Enrolled", shape: IconCircleCheckFilled },
  withdrawn: { tone: "quiet", word: "Withdrawn", shape: IconBan },
  draft: { tone: "quiet", word: "Draft", shape: IconCircleDashed },
  active: { tone: "good", word: "Active", shape: IconCircleCheckFilled },
  paused: { tone: "warn", word: "Paused", shape: IconPlayerPauseFilled },
  superseded: { tone: "quiet", word: "Superseded", shape: IconBan },
  closed: { tone: "good", word: "Closed", shape: IconCircleCheckFilled },
  open: { tone: "bad", word: "Open", shape: IconAlertTriangleFilled },
  half_open: { tone: "warn", word: "Probing", shape: IconClock },
  comes: { tone: "good", word: "Comes", shape: IconCirclePlus },
  goes: { tone: "bad", word: "Goes", shape: IconBan },
  changes: { tone: "info", word: "Changes", shape: IconDiamondFilled },
  waits: { tone: "warn", word: "Waits", shape: IconClock },
  green: { tone: "good", word: "Go", shape: IconCircleCheckFilled },
  red: { tone: "bad", word: "No go", shape: IconAlertTriangleFilled },
};

/** A status that this page does not know is shown by its own word, never hidden. */
export function lookOf(status: string): Look {
  return LOOKS[status] ?? { tone: "quiet", word: words(status), shape: IconCircleDashed };
}

/** `anchor_moved` as people write it. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function Status({ of, children }: { of: string; children?: ReactNode }) {
  const { tone, word, shape: Shape } = lookOf(of);
  return (
    <span className={classes["status"]} data-tone={tone}>
      <Shape size={14} aria-hidden className={classes["shape"]} />
      {children ?? word}
    </span>
  );
}
