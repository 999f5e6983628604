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

/** Notes a sign-in, each as another one than the last, so that other tabs notice it; or that nobody is signed in. */
export function noteSignIn(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(KEY, new Date().toISOString());
    else localStorage.removeItem(KEY);
  } catch {
    // Then the server is asked each time.
  }
}

/** Calls when another tab of this browser has signed in or out; which of them, the server knows. */
export function onOtherTab(act: () => void): void {
  window.addEventListener("storage", ({ key }) => {
    // A cleared store has no key.
    if (key === KEY || key === null) act();
  });
}
