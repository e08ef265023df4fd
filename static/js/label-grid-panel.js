// The panel beside the grid: what is selected, what can be done with it, the labels as buttons.
import { say } from "rollcall/api";
import { listenUntil } from "rollcall/listening";

/** Label id -> {id, name, hue, key}, read from the bar of labels. @param {HTMLElement} panel */
export function readLabels(panel) {
  const rows = [...panel.querySelectorAll(".label-row")];
  return new Map(
    rows.map(({ dataset }) => [
      Number(dataset.label),
      { id: Number(dataset.label), name: dataset.name, hue: Number(dataset.hue) % 12, key: dataset.key },
    ]),
  );
}

/**
 * Says how many are selected and offers what can be done with them.
 * @param {HTMLElement} panel
 * @param {{ count: number; isAllOut: boolean; hasSuggestion: boolean; undoCount: number; isRange: boolean }} more
 */
export function showPicked(panel, { count, isAllOut, hasSuggestion, undoCount, isRange }) {
  const picked = panel.querySelector("[data-picked]");
  if (!picked) return;
  const words =
    count === 0
      ? say(isRange ? "grid.range_from" : "grid.none_selected")
      : say(count === 1 ? "grid.one_selected" : "grid.selected", { n: count });
  picked.querySelector("[data-picked-words]").textContent = isRange && count ? say("grid.range_to") : words;
  picked.querySelector('[data-act="clear"]').hidden = !count;
  for (const button of picked.querySelectorAll("button[data-needs]")) {
    button.disabled = !count || (button.dataset.when === "suggested" && !hasSuggestion);
  }
  picked.querySelector("[data-out-words]").textContent = say(isAllOut ? "grid.take_in" : "grid.leave_out");
  picked.querySelector('button[data-act="undo"]').disabled = !undoCount;
  picked.querySelector('[data-act="range"]').setAttribute("aria-pressed", String(isRange));
  panel.classList.toggle("has-picked", count > 0);
  const hint = panel.querySelector("[data-hint]");
  if (hint)
    hint.textContent =
      count === 0 ? say("grid.hint_filter") : say(count === 1 ? "grid.hint_give_one" : "grid.hint_give", { n: count });
}

/**
 * On a phone the panel lies on the bar at the bottom, however high that is.
 * @param {HTMLElement} panel
 * @param {AbortSignal} signal
 */
export function standOnRail(panel, signal) {
  const rail = document.querySelector(".rail");
  const watch = new ResizeObserver(() => panel.style.setProperty("--rail", `${rail.offsetHeight}px`));
  watch.observe(rail);
  signal.addEventListener("abort", () => watch.disconnect());
}

/**
 * Presses in the panel.
 * @param {HTMLElement} panel
 * @param {import("rollcall/label-grid").LabelGrid} grid
 * @param {AbortSignal} signal
 */
export function followPanel(panel, grid, signal) {
  listenUntil(signal)(panel, "click", (event) => {
    const button = event.target.closest("[data-act]");
    const row = button?.closest(".label-row");
    const act = button?.dataset.act;
    if (!act || act === "only") return;
    if (act === "give" && grid.targets.length) grid.act("give", Number(row.dataset.label));
    else if (act === "give") row.querySelector('[data-act="only"]').click();
    else if (act === "edit") document.getElementById("label-dialog").show(row, button.dataset);
    else if (act === "open") grid.open();
    else if (act === "clear") grid.clear();
    else if (act === "wide") button.setAttribute("aria-expanded", String(panel.classList.toggle("is-wide")));
    else if (act === "range") grid.isRange = !grid.isRange;
    else grid.act(act);
  });
}
