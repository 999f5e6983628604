/** A person's order to the server: said when done, shown when refused, and everything that it made stale read again. */
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { refresh, type Topic } from "../api/query";
import { explain } from "../api/refusal";
import { useStudy } from "./study";

interface Order<Given, Done> {
  run: (given: Given) => Promise<Done>;
  topics: readonly Topic[];
  /** What was done, for the person who ordered it; nothing when the page itself shows it. */
  said?: (done: Done, given: Given) => { title: string; message: string; tone?: "good" | "bad" } | null;
  /** The page shows the refusal itself, beside the form. */
  quiet?: boolean;
}

export function useOrder<Given = void, Done = unknown>({ run, topics, said, quiet = false }: Order<Given, Done>) {
  const client = useQueryClient();
  const study = useStudy();
  const underWay = useRef(false);
  const order = useMutation<Done, Error, Given>({
    mutationFn: run,
    onSuccess: (done, given) => {
      const words = said?.(done, given);
      if (!words) return;
      const bad = words.tone === "bad";
      notifications.show({
        title: words.title,
        message: words.message,
        color: bad ? "red" : "green",
        autoClose: bad ? false : 6000,
      });
    },
    onError: (error) => {
      if (quiet) return;
      const { title, detail } = explain(error);
      notifications.show({ title, message: detail, color: "red", autoClose: false });
    },
    onSettled: () => {
      underWay.current = false;
      return refresh(client, study.id, [...topics, "audit"]);
    },
  });
  // A second click comes before the button shows that the first was heard.
  const mutate: typeof order.mutate = (...given) => {
    if (underWay.current) return;
    underWay.current = true;
    order.mutate(...given);
  };
  return { ...order, mutate };
}
