// Where the player goes after signing in: `next` in the page's address, because the page
// itself is the same for everybody.

/** The address of the next page; the home page if none is named or it is another site's. */
export function nextPage({ href, origin, search }) {
  const home = new URL("/", href).href;
  try {
    const url = new URL(new URLSearchParams(search).get("next") ?? home, href);
    return url.origin === origin ? url.href : home;
  } catch {
    return home;
  }
}

/** Let the link to the other form lead to the same next page. */
export function keepNext(link, { search }) {
  const next = new URLSearchParams(search).get("next");
  if (link && next) link.search = new URLSearchParams({ next });
}
