/** The sign-in page; afterwards the person is back where the session was missing. */
import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { Failure } from "../display/Notice";
import { Mark } from "../shell/Mark";
import { signIn } from "./session";
import classes from "./SignIn.module.css";

/** Where a person goes once signed in: the console's page where the session was missing, else its beginning. */
export function backTo({ from }: { from?: string }): string {
  return from?.startsWith("/console/") ? from : "/console/";
}

export function SignIn() {
  const router = useRouter();
  const { from } = useSearch({ from: "/sign-in" });
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (value.includes("@") ? null : "Enter the email address of your account"),
      password: (value) => (value === "" ? "Enter your password" : null),
    },
  });
  const order = useMutation({
    mutationFn: (given: { email: string; password: string }) => signIn(given.email.trim(), given.password),
    onSuccess: () => router.history.push(backTo({ ...(from && { from }) })),
  });
  useEffect(() => {
    document.title = "Sign in · Metricis";
  }, []);
  return (
    <main className={classes["main"]}>
      <Paper className={classes["card"]} withBorder p="xl">
        <form onSubmit={form.onSubmit((given) => order.mutate(given))} noValidate>
          <Stack>
            <Mark />
            <div>
              <Title order={1}>Sign in</Title>
              <Text c="dimmed" size="sm">
                {from
                  ? "Your session has ended or has not begun. You come back to where you were."
                  : "For study staff."}
              </Text>
            </div>
            {order.error && <Failure error={order.error} />}
            <TextInput
              label="Email"
              type="email"
              autoComplete="username"
              withAsterisk={false}
              required
              data-autofocus
              key={form.key("email")}
              {...form.getInputProps("email")}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              withAsterisk={false}
              required
              key={form.key("password")}
              {...form.getInputProps("password")}
            />
            <Button type="submit" loading={order.isPending} fullWidth>
              Sign in
            </Button>
            <Text c="dimmed" size="xs">
              Participants enter by the link that the study team sends them.
            </Text>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
