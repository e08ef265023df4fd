// Where the tiles of the grid stand: columns, heights, which rows a window shows. Numbers only, no page.

/** @typedef {"small" | "medium" | "large"} TileSize */

const LEAST_PX = { small: 104, medium: 152, large: 224 };
const ON_A_PHONE = { small: 4, medium: 3, large: 2 };
const PHONE_PX = 520;
const WORDS_PX = 30;
const ROWS_AROUND = 2;
export const GAP_PX = 8;

/** How many tiles of a size stand side by side. @param {number} width @param {TileSize} size */
export function columnsIn(width, size) {
  if (width < PHONE_PX) return ON_A_PHONE[size];
  return Math.max(2, Math.floor((width + GAP_PX) / (LEAST_PX[size] + GAP_PX)));
}

/**
 * Height of a row: a square picture, the words below it, the gap to the next row.
 * @param {number} width
 * @param {number} columns
 */
export const rowHeight = (width, columns) => Math.floor((width - GAP_PX * (columns - 1)) / columns) + WORDS_PX + GAP_PX;

/**
 * First and last row in a window whose upper edge is `-top` below that of the grid; [0, -1] for none.
 * @param {{ top: number; height: number; windowHeight: number; rowCount: number }} options
 */
export function rowsSeen({ top, height, windowHeight, rowCount }) {
  if (!height) return [0, -1];
  const first = Math.floor(-top / height);
  const last = Math.ceil((windowHeight - top) / height);
  return [Math.max(0, first), Math.min(rowCount - 1, last)];
}

/**
 * Rows that exist on the page: those that are seen, and a few around them.
 * @param {number[]} values
 * @param {number} rowCount
 */
export const rowsAround = ([first, last], rowCount) => [
  Math.max(0, first - ROWS_AROUND),
  Math.min(rowCount - 1, last + ROWS_AROUND),
];

/**
 * First and last place of those rows; beyond the ends of the list at its edges.
 * @param {number[]} values
 * @param {number} columns
 */
export const placesAround = ([first, last], columns) => [
  (first - ROWS_AROUND) * columns,
  (last + ROWS_AROUND + 1) * columns - 1,
];

/**
 * By how much to scroll so that a row at `top` stands in the free part of the window, which ends at `below`.
 * @param {{ top: number; height: number; below: number; isCentred: boolean }} options
 */
export function scrollFor({ top, height, below, isCentred }) {
  if (isCentred) return top - (below - height) / 2;
  if (top < GAP_PX) return top - GAP_PX;
  return top + height > below ? top + height - below : 0;
}
