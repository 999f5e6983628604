/** Whether somebody has signed in with this browser; the proof itself is a cookie that no script can read. */
const KEY = "metricis.console.signed-in";

/** A browser that keeps nothing may be signed in. */
export function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true;
  }
}

export function noteSignIn(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(KEY, "yes");
    else localStorage.removeItem(KEY);
  } catch {
    // Then the server is asked each time.
  }
}
