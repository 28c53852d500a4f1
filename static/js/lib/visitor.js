// Who looks at a shared page, which can't say it. It is read in one batch with whatever
// else is personal there. A stranger, who has none of these cookies, asks nothing.
import { cookie } from "./cookies.js";

const SIGNS = ["renewed", "csrftoken"]; // one of them outlives every session

// What each of these types says after `me`; of a stranger `me` is null. Null where nobody
// can say just now.
export async function readVisitor(api, ...types) {
  if (!SIGNS.some((name) => cookie(name))) return [null];
  try {
    return await Promise.all(["user", ...types].map((type) => api.read(type)));
  } catch ({ code }) {
    return code === "not_signed_in" ? [null] : null;
  }
}

// As the page is told; the token is for the form that signs out.
export function viewOf(me) {
  const account = me !== null && !me.guest;
  return { me, stranger: me === null, account, guest: me?.guest, token: cookie("csrftoken") };
}
