/** The way out: the page is left before what it showed is forgotten; a server that does not answer keeps the session. */
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { explain } from "../api/refusal";
import { forget, signOut } from "./session";

export function useSignOut() {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: "/sign-in", search: {} });
      forget();
    },
    onError: (error) =>
      notifications.show({ title: "You are still signed in", message: explain(error).title, color: "red" }),
  });
}
