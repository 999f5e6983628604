/** The rows of the matrix that are in sight, asked by the hundred as one scrolls to them. */
import { useQueries } from "@tanstack/react-query";
import type { MatrixRow, ParticipantFilter } from "../api/shown";
import { useStudy } from "../study/study";
import { MATRIX_PAGE, matrixQuery } from "./participants";

/** The offsets of the pages that hold the rows from `first` to `last`. */
export function offsets(first: number, last: number): number[] {
  const from = Math.floor(first / MATRIX_PAGE);
  const to = Math.floor(Math.max(first, last) / MATRIX_PAGE);
  return Array.from({ length: to - from + 1 }, (_, at) => (from + at) * MATRIX_PAGE);
}

export interface SeenRows {
  at: (index: number) => MatrixRow | undefined;
  error: Error | null;
  again: () => void;
}

/** The rows from `first` to `last`; while they rush by, only what is there already. */
export function useRows(filter: ParticipantFilter, first: number, last: number, rushing: boolean): SeenRows {
  const study = useStudy();
  const wanted = offsets(first, last);
  const pages = useQueries({
    queries: wanted.map((offset) => ({
      ...matrixQuery(study.id, { ...filter, offset, limit: MATRIX_PAGE }),
      enabled: !rushing,
    })),
  });
  return {
    at: (index) => {
      const page = pages[wanted.indexOf(Math.floor(index / MATRIX_PAGE) * MATRIX_PAGE)];
      return page?.data?.rows[index % MATRIX_PAGE];
    },
    error: pages.find(({ error }) => error)?.error ?? null,
    again: () => pages.forEach((page) => void page.refetch()),
  };
}
