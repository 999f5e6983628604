/** The four operations that change a REDCap project or enroll what is in it: previewed first, then ordered with the preview's digest. */
import type { Schemas } from "@metricis/api";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { explain } from "../api/refusal";
import { useOrder } from "../study/order";

export type Push = Schemas["DictionaryPushShown"];
export type Init = Schemas["ProjectInitShown"];
export type FormDeletion = Schemas["FormDeletionShown"];
export type Import = Schemas["ParticipantImportShown"];
export type Diff = Schemas["DictionaryDiffShown"];

/** What every outcome has. */
export type Outcome = Pick<Push, "success" | "error" | "dry_run" | "digest"> & {
  warnings?: string[];
  refusals?: string[];
};

/** How it is asked for: only shown, or done if REDCap still is what that preview showed. */
export type Way = { dry_run: true } | { expected_digest: string };

export interface Operation<Wish, Shown> {
  preview: Shown | undefined;
  done: Shown | undefined;
  /** Why there is no preview, or why it was not done. */
  refused: { title: string; detail: string } | undefined;
  /** It was ordered and not done: only a new preview leads on. */
  overtaken: boolean;
  isLooking: boolean;
  isOrdering: boolean;
  look: (wish: Wish) => void;
  order: () => void;
  /** What is wanted has changed: nothing that was shown holds. */
  forget: () => void;
}

/** `ask` hands the wish to the server in one of the two ways; the order repeats the very wish that was previewed. */
export function useOperation<Wish, Shown extends Outcome>(ask: (wish: Wish, way: Way) => Promise<Shown>) {
  const [wished, setWished] = useState<Wish>();
  const looking = useMutation({ mutationFn: (wish: Wish) => ask(wish, { dry_run: true }) });
  const ordering = useOrder<{ wish: Wish; digest: string }, Shown>({
    run: ({ wish, digest }) => ask(wish, { expected_digest: digest }),
    topics: ["redcap", "settings", "board", "events", "participants", "visits", "breaker"],
    quiet: true,
  });
  const asked = ordering.error ?? looking.error;
  const failed = ordering.data?.error ?? looking.data?.error;
  const overtaken = ordering.isError || (ordering.data !== undefined && !ordering.data.success);
  const shown = looking.data?.error || overtaken || ordering.data ? undefined : looking.data;
  return {
    preview: shown,
    done: ordering.data?.success ? ordering.data : undefined,
    refused: refusal(asked, failed, overtaken),
    overtaken,
    isLooking: looking.isPending,
    isOrdering: ordering.isPending,
    look: (wish) => {
      ordering.reset();
      setWished(() => wish);
      looking.mutate(wish);
    },
    order: () => {
      if (wished !== undefined && shown) ordering.mutate({ wish: wished, digest: shown.digest });
    },
    forget: () => {
      looking.reset();
      ordering.reset();
    },
  } satisfies Operation<Wish, Shown>;
}

function refusal(asked: Error | null, failed: string | null | undefined, ordered: boolean) {
  if (asked) return explain(asked);
  if (!failed) return undefined;
  return { title: ordered ? "It was not done" : "There is no preview", detail: failed };
}
