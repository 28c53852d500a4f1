// Where a form for signing in leads on to. It stands in the page's own address, as the
// page is the same for everybody.

// A page of ours; the first one where none is named, or another site's.
export function nextPage({ href, origin, search }) {
  const home = new URL("/", href).href;
  try {
    const url = new URL(new URLSearchParams(search).get("next") ?? home, href);
    return url.origin === origin ? url.href : home;
  } catch {
    return home;
  }
}

// The link to the other form leads on to the same.
export function passOn(link, { search }) {
  const next = new URLSearchParams(search).get("next");
  if (link && next) link.search = new URLSearchParams({ next });
}
