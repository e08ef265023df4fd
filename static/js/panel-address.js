// What the address of a video page says: moment, person, tab, minimum time on screen. Kept up to date, so that it can be sent.

/** @type {Record<string, string>} */
const DEFAULTS = { tab: "people" };

export function readAddress() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** Changes some values; "" and defaults leave the address. @param {Record<string, string | null>} changes */
export function writeAddress(changes) {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === DEFAULTS[key]) query.delete(key);
    else query.set(key, value);
  }
  const words = query.toString();
  // The state belongs to Turbo, which needs it for going back.
  history.replaceState(history.state, "", words ? `?${words}` : location.pathname);
}
