// Keys of the label grid, in the grid itself and in the large view.
import { isTyping } from "rollcall/api";

/** @type {Record<string, string>} */
const LETTERS = {
  x: "out",
  t: "sequence",
  s: "accept",
  u: "undo",
  0: "unlabel",
  backspace: "unlabel",
  delete: "unlabel",
};

/**
 * What a key does with the chosen samples: ["give", label] or [name]; null for nothing.
 * @param {{ key: string; shiftKey: boolean }} event
 * @param {Map<number, Label>} labels
 * @returns {[name: string, label?: number] | null}
 */
export function actOf(event, labels) {
  if (event.key === "Backspace" && event.shiftKey) return null;
  const key = event.key.toLowerCase();
  const label = [...labels.values()].find((each) => each.key && each.key === key);
  if (label) return ["give", label.id];
  return LETTERS[key] ? [LETTERS[key]] : null;
}

/**
 * Ctrl with Z or A; on a Mac the command key.
 * @param {KeyboardEvent & { readonly target: HTMLElement }} event
 * @param {import("rollcall/label-grid").LabelGrid} grid
 */
function withControl(event, grid) {
  const key = event.key.toLowerCase();
  if (event.altKey || event.shiftKey || event.target.closest?.("input, textarea, select, dialog, [popover]"))
    return false;
  if (key === "z") grid.act("undo");
  else if (key === "a") grid.selectAll();
  else return false;
  return true;
}

/**
 * @param {KeyboardEvent & { readonly target: HTMLElement }} event
 * @param {import("rollcall/label-grid").LabelGrid} grid
 */
function goes(event, grid) {
  const { columns, current, samples, pageRows } = grid.view;
  const page = columns * pageRows;
  /** @type {Record<string, number>} */
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page };
  const last = samples.length - 1;
  const step = steps[event.key];
  if (event.key === "Home") grid.go(0, event.shiftKey);
  else if (event.key === "End") grid.go(last, event.shiftKey);
  else if (step === undefined) return false;
  // Up and down stop at the edge instead of changing the column.
  else if (Math.abs(step) === columns && (current + step < 0 || current + step > last)) return true;
  else grid.go(Math.min(last, Math.max(0, current + step)), event.shiftKey);
  return true;
}

/**
 * Carries out what a key means; true when it meant something.
 * @param {KeyboardEvent & { readonly target: HTMLElement }} event
 * @param {import("rollcall/label-grid").LabelGrid} grid
 */
export function press(event, grid) {
  // An open popover keeps its keys, Escape above all.
  if (document.querySelector(":popover-open")) return false;
  if (event.ctrlKey || event.metaKey) return withControl(event, grid);
  if (isTyping(event) || event.target.closest?.("details[open], [role=radiogroup]")) return false;
  const isControl = event.target.closest?.("a, button, summary");
  if (!isControl && (event.key === "Enter" || event.key === " ")) grid.open();
  else if (event.key === "Escape") grid.clear();
  else if (event.key === "?") document.getElementById("keys").showPopover();
  else if (!goes(event, grid)) {
    const act = actOf(event, grid.labels);
    if (!act || !grid.mayEdit) return false;
    grid.act(...act);
  }
  return true;
}
