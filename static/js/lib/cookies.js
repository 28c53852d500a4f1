// The cookies that a script may read, and whether the browser keeps any.
const TRIAL = "trial";

export function cookie(name) {
  const pairs = document.cookie.split("; ").map((pair) => pair.split("="));
  return pairs.find(([key]) => key === name)?.[1] ?? "";
}

export function keepsCookies() {
  document.cookie = `${TRIAL}=1; path=/; SameSite=Lax`;
  const kept = cookie(TRIAL) === "1";
  document.cookie = `${TRIAL}=; path=/; SameSite=Lax; max-age=0`;
  return kept;
}
