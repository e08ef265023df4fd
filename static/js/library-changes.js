// What changes in the library at one moment comes with one request: its head, its filters, and all cards that want it.
import { fetchDocument } from "rollcall/api";

const GATHER_MS = 60;
/** @type {Map<string, { cards: Set<string>; page: Promise<Document | null> }>} */
const rounds = new Map();
let asked = 0;
let answered = 0;

/** @param {string} address @param {Set<string>} cards */
async function ask(address, cards) {
  await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  rounds.delete(address);
  const { search } = location;
  const query = new URLSearchParams(search);
  for (const card of cards) query.append("card", card);
  asked += 1;
  const number = asked;
  const page = await fetchDocument(`${address}?${query}`);
  // One that was overtaken knows less than what is shown; one of other filters is of another page.
  if (page && number > answered && search === location.search) {
    answered = number;
    document.dispatchEvent(new CustomEvent("library:answered", { detail: { page } }));
  }
  return page;
}

/**
 * The next answer of `address`, shared by all who ask for it now; with the card of a video.
 * @param {string} address
 * @param {string} [card]
 */
export function fetchChanges(address, card = "") {
  let round = rounds.get(address);
  if (!round) {
    const cards = /** @type {Set<string>} */ (new Set());
    round = { cards, page: ask(address, cards) };
    rounds.set(address, round);
  }
  if (card) round.cards.add(card);
  return round.page;
}

/** A card in an answer. @param {Document | null} page @param {string} card */
export const cardIn = (page, card) => page?.querySelector(`#card-${CSS.escape(card)}`);
