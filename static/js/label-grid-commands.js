// What can be done with chosen samples of the grid, and what each command makes of a tile before the server has answered.
import { say } from "rollcall/api";
import { toast } from "rollcall/toasts";

/**
 * The label that is suggested for a place and shown there; null for none.
 * @param {import("rollcall/label-grid").LabelGrid} grid
 * @param {number} place
 */
export function suggestionOf({ samples, labels }, place) {
  const row = samples.rows.get(place);
  return row && !row.label && labels.has(row.suggested) ? row.suggested : null;
}

/** @param {import("rollcall/label-grid").LabelGrid} grid @param {number[]} places */
export const areAllOut = ({ samples }, places) =>
  places.length > 0 && places.every((place) => samples.rows.get(place)?.out);

/** @param {import("rollcall/label-grid").LabelGrid} grid @param {number[]} places @param {number | null} label */
function give({ acts }, places, label) {
  acts.give("label", [[label, places]], (row) => (row.label === label ? null : { label }));
}

/** @param {import("rollcall/label-grid").LabelGrid} grid @param {number[]} places */
function leaveOut(grid, places) {
  const isOut = !areAllOut(grid, places);
  grid.acts.give(isOut ? "leave_out" : "take_in", [[null, places]], (row) =>
    row.out === isOut ? null : { out: isOut },
  );
}

/**
 * Only suggestions that were shown: nobody accepts what they have not seen.
 * @param {import("rollcall/label-grid").LabelGrid} grid
 * @param {number[]} places
 */
function accept(grid, places) {
  const groups = new Map();
  for (const place of places) {
    const label = suggestionOf(grid, place);
    if (label && !groups.has(label)) groups.set(label, []);
    if (label) groups.get(label).push(place);
  }
  if (groups.size) grid.acts.give("accept", [...groups], (_row, label) => ({ label }));
  else toast(say("grid.nothing_suggested"));
  return groups.size > 0;
}

/**
 * Which neighbours get the label only the server knows; their tiles follow its answer.
 * @param {import("rollcall/label-grid").LabelGrid} grid
 * @param {number[]} places
 */
function wholeTrack({ samples, acts }, places) {
  const rows = places.map((place) => samples.rows.get(place));
  const labelled = places.filter((_, n) => rows[n]?.label && rows[n].sequence);
  if (labelled.length) acts.give("sequence", [[null, labelled]]);
  else toast(say(rows.some((row) => row?.label) ? "grid.no_track" : "grid.label_first"));
}

export const COMMANDS = {
  give,
  /** @type {(grid: import("rollcall/label-grid").LabelGrid, places: number[]) => void} */
  unlabel: (grid, places) => give(grid, places, null),
  out: leaveOut,
  accept,
  sequence: wholeTrack,
};
