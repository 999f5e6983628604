/** The end of a session that the server no longer knows: what it could see is forgotten, and the sign-in leads back. */
import { forget } from "./session";

interface Place {
  /** The path of the page. */
  pathname: string;
  /** Its whole address, to come back to. */
  here: string;
}

/** Leaves the study's pages, unless the sign-in is shown already. */
export function sessionOver({ pathname, here }: Place, signIn: (from: string) => void): void {
  if (pathname.endsWith("/sign-in")) return;
  forget();
  signIn(here);
}
