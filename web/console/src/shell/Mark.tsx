/** The name, with the three windows of a schedule as its mark. */
import classes from "./Mark.module.css";

export function Mark() {
  return (
    <span className={classes["mark"]}>
      <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden>
        <rect x="1" y="4" width="14" height="4" rx="2" fill="currentColor" opacity="0.45" />
        <rect x="5" y="10" width="14" height="4" rx="2" fill="currentColor" opacity="0.7" />
        <rect x="9" y="16" width="14" height="4" rx="2" fill="currentColor" />
      </svg>
      Metricis
    </span>
  );
}
