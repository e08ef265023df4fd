// Mouse and finger on the tiles. With a finger a tap adds or takes away, a long press selects up to there.
import { listenUntil } from "rollcall/listening";

const LONG_PRESS_MS = 450;
const STILL_PX = 10;

/** @param {HTMLElement} host @param {import("rollcall/label-grid").LabelGrid} grid @param {AbortSignal} signal */
export function followPointer(host, grid, signal) {
  let timer = 0;
  /** @type {PointerEvent | null} */
  let start = null;
  let wasLong = false;
  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  const placeOf = (event) => {
    const tile = event.target.closest(".sample-tile");
    return tile ? Number(tile.dataset.place) : -1;
  };
  const stop = () => clearTimeout(timer);
  const listen = listenUntil(signal);

  listen(host, "pointerdown", (event) => {
    [start, wasLong] = [event, false];
    const place = placeOf(event);
    if (event.pointerType !== "touch" || place < 0 || !grid.mayEdit) return;
    timer = setTimeout(() => {
      wasLong = true;
      navigator.vibrate?.(15);
      grid.range(place);
    }, LONG_PRESS_MS);
  });
  listen(host, "pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > STILL_PX) stop();
  });
  for (const name of ["pointerup", "pointercancel"]) listen(host, name, stop);
  listen(host, "contextmenu", (event) => start?.pointerType === "touch" && event.preventDefault());

  listen(host, "click", (event) => {
    const place = placeOf(event);
    if (place < 0 || wasLong) return;
    if (!grid.mayEdit) grid.openAt(place);
    else if (event.shiftKey || grid.isRange) grid.range(place, event.ctrlKey || event.metaKey);
    else if (event.ctrlKey || event.metaKey) grid.toggle(place);
    else if (event.pointerType === "touch") grid.tap(place);
    else grid.go(place);
  });
  listen(host, "dblclick", (event) => {
    const place = placeOf(event);
    if (place >= 0 && !event.shiftKey && !event.ctrlKey && !event.metaKey) grid.openAt(place);
  });
}
