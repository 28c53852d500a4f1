// Who looks at a shared page, which can't hold it. It is read in one batch with other
// personal data. A stranger has none of these cookies and sends no request.
import { cookie } from "./cookies.js";

const SESSION_COOKIES = ["renewed", "csrftoken"]; // at least one lasts as long as a session

/**
 * The data of `me` and of each type; `[null]` for a stranger, null if the server can't say.
 */
export async function readVisitor(api, ...types) {
  if (!SESSION_COOKIES.some((name) => cookie(name))) return [null];
  try {
    return await Promise.all(["user", ...types].map((type) => api.read(type)));
  } catch ({ code }) {
    return code === "not_signed_in" ? [null] : null;
  }
}

/** The view for `bind`. The token is for the form that signs out. */
export function visitorView(me) {
  const account = me !== null && !me.guest;
  return { me, stranger: me === null, account, guest: me?.guest, token: cookie("csrftoken") };
}
