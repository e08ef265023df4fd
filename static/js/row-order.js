// The order of rows on an open page: what is there stays where it is, what is new comes behind it.

/**
 * @param {string[]} shown ids in the order on the page
 * @param {string[]} fresh ids in the server's order
 */
export function keptOrder(shown, fresh) {
  const place = new Map(shown.map((id, n) => [id, n]));
  /** @param {string} id */
  const placeOf = (id) => place.get(id) ?? shown.length + fresh.indexOf(id);
  return [...fresh].sort((one, other) => placeOf(one) - placeOf(other));
}
