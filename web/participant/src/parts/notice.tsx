/** Something to know: what it is and what to do; `alert` is read out at once. */
import type { ComponentChildren } from "preact";

interface Props {
  kind: "info" | "warning" | "alert";
  title?: string;
  children: ComponentChildren;
}

export function Notice({ kind, title, children }: Props) {
  return (
    <div class={`notice notice-${kind}`} role={kind === "alert" ? "alert" : "status"}>
      {title && <strong>{title}</strong>}
      <div>{children}</div>
    </div>
  );
}
