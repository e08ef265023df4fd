// The page of a shared video: a name goes to that person's next appearance, a click on a bar to that moment. The only
// script of the page, so it imports nothing.
(() => {
  const EDGE_S = 0.05;
  const INSIDE_S = 0.1;
  const video = document.querySelector("video");
  const list = document.querySelector(".shared-people");
  if (!video || !list) return;
  const rows = [...list.querySelectorAll(".shared-person")].map((row) => ({
    row,
    /** @type {[start: number, end: number][]} */
    spans: JSON.parse(/** @type {HTMLElement} */ (row).dataset.spans ?? "[]"),
  }));
  const length = () => (Number.isFinite(video.duration) ? video.duration : Number(list.dataset.duration)) || 1;

  /** @param {number} time */
  function seek(time) {
    video.currentTime = Math.min(Math.max(0, time), length());
  }

  for (const { row, spans } of rows) {
    row.querySelector("button").addEventListener("click", () => {
      const [start, end] = spans.find((span) => span[0] > video.currentTime + EDGE_S) ?? spans[0];
      seek(start + Math.min(INSIDE_S, (end - start) / 2));
    });
    /** @type {HTMLElement} */ (row.querySelector(".time-bar")).addEventListener("click", ({ clientX }) => {
      const bounds = row.querySelector("svg").getBoundingClientRect();
      seek((length() * (clientX - bounds.left)) / bounds.width);
    });
  }

  function show() {
    const now = video.currentTime;
    list.classList.add("has-now");
    list.style.setProperty("--now", String(now / length()));
    for (const { row, spans } of rows)
      row.classList.toggle(
        "is-on-screen",
        spans.some(([start, end]) => start <= now && now <= end),
      );
  }
  for (const name of ["timeupdate", "seeking", "loadedmetadata"]) video.addEventListener(name, show);
})();
