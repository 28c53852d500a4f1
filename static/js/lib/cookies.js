// The cookies that a script may read.
const TEST = "trial";

/** The cookie's value; empty if there is none. */
export function cookie(name) {
  const pairs = document.cookie.split("; ").map((pair) => pair.split("="));
  return pairs.find(([key]) => key === name)?.[1] ?? "";
}

/** Whether the browser stores cookies: a test cookie is written and deleted. */
export function cookiesWork() {
  document.cookie = `${TEST}=1; path=/; SameSite=Lax`;
  const works = cookie(TEST) === "1";
  document.cookie = `${TEST}=; path=/; SameSite=Lax; max-age=0`;
  return works;
}
