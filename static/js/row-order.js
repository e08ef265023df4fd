// The order of rows on an open page: what is there stays where it is. Somebody new takes the place of somebody who went,
// as whoever a person was merged into does; whoever is left comes last.

/**
 * @param {string[]} shown ids in the order on the page
 * @param {string[]} fresh ids in the server's order
 */
export function keptOrder(shown, fresh) {
  const place = new Map(shown.map((id, n) => [id, n]));
  const free = shown.filter((id) => !fresh.includes(id)).map((id) => place.get(id));
  for (const id of fresh) if (!place.has(id)) place.set(id, free.shift() ?? place.size);
  return [...fresh].sort((one, other) => place.get(one) - place.get(other));
}
