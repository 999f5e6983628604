import { expect, test, vi } from "vitest";
import { queryClient } from "../api/query";
import { sessionOver } from "./over";
import { sessionQuery } from "./session";

const shown = ["study", "participants"];

test("a session that is over leaves nothing of what it could see, and leads back after the sign-in", () => {
  queryClient.setQueryData(shown, ["P-1"]);
  const signIn = vi.fn<(from: string) => void>();
  sessionOver({ pathname: "/console/studies/A/today", here: "/console/studies/A/today?x=1" }, signIn);
  expect(queryClient.getQueryData(shown)).toBeUndefined();
  expect(queryClient.getQueryData(sessionQuery.queryKey)).toBeNull();
  expect(signIn).toHaveBeenCalledWith("/console/studies/A/today?x=1");
});

test("the sign-in page does not lead to itself", () => {
  const signIn = vi.fn<(from: string) => void>();
  sessionOver({ pathname: "/console/sign-in", here: "/console/sign-in" }, signIn);
  expect(signIn).not.toHaveBeenCalled();
});
