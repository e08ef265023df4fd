// Lists of samples as the server writes them: [first, last, revision] for each stretch of numbers with one revision.

/** [[number, revision], ...] in their order -> runs. @param {Iterable<readonly [number, number]>} pairs */
export function runsOf(pairs) {
  /** @type {Run[]} */
  const runs = [];
  /** @type {Run | null} */
  let last = null;
  for (const [number, revision] of pairs) {
    if (last && last[1] === number - 1 && last[2] === revision) {
      last[1] = number;
    } else {
      last = [number, number, revision];
      runs.push(last);
    }
  }
  return runs;
}

/** How many samples runs hold. @param {Run[]} runs */
export const sizeOf = (runs) => runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);

/** Calls `take` for each sample. @param {Run[]} runs @param {(number: number, revision: number) => unknown} take */
export function eachOf(runs, take) {
  for (const [first, last, revision] of runs)
    for (let number = first; number <= last; number += 1) take(number, revision);
}

/** Sorted numbers for an address: "3-7.9". @param {number[]} numbers */
export const spelled = (numbers) =>
  runsOf(numbers.map((number) => [number, 0]))
    .map(([first, last]) => (first === last ? first : `${first}-${last}`))
    .join(".");
