// <run-curves>: draws loss and accuracy, and extends the curves as epochs come in. A table has the same numbers.
import { newElement, say } from "rollcall/api";
import { Listening } from "rollcall/listening";

/** @typedef {import("uplot")} uPlot */

const HEIGHT = 190;
/** @param {uPlot} _plot @param {number[]} ticks */
const PERCENT = (_plot, ticks) => ticks.map((tick) => `${Math.round(tick * 100)} %`);
/** @param {uPlot} _plot @param {number[]} ticks */
const SHORT = (_plot, ticks) => ticks.map((tick) => String(Number(tick.toPrecision(3))));

class RunCurves extends Listening {
  /** @type {Record<string, uPlot>} */
  #plots = {};
  #drawn = "";

  async connectedCallback() {
    const { default: Plot } = await import("uplot");
    if (!this.isConnected) return;
    this.Plot = Plot;
    const source = this.querySelector("[data-curves]");
    const changes = new MutationObserver(() => this.#draw());
    changes.observe(source, { attributes: true });
    const sizes = new ResizeObserver(() => this.#fit());
    sizes.observe(this);
    // Canvas knows no CSS variables: another theme is another drawing.
    const theme = new MutationObserver(() => this.#draw(true));
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.#draw(true));
    this.signal.addEventListener("abort", () => {
      for (const watcher of [changes, sizes, theme]) watcher.disconnect();
      this.#clear();
    });
    this.#draw();
  }

  #clear() {
    for (const plot of Object.values(this.#plots)) plot.destroy();
    this.#plots = {};
    this.#drawn = "";
  }

  #draw(isNewTheme = false) {
    const text = this.querySelector("[data-curves]").dataset.curves;
    if (isNewTheme) this.#clear();
    if (text === this.#drawn) return;
    this.#drawn = text;
    const curves = JSON.parse(text);
    for (const box of this.querySelectorAll("[data-plot]")) {
      const kind = box.dataset.plot;
      const data = [curves.epoch, curves[`train_${kind}`], curves[`validation_${kind}`]];
      if (this.#plots[kind]) this.#plots[kind].setData(data);
      else this.#plots[kind] = new this.Plot(this.#options(kind, box), data, box);
    }
  }

  #fit() {
    for (const [kind, plot] of Object.entries(this.#plots)) {
      const width = this.querySelector(`[data-plot="${kind}"]`).clientWidth;
      if (width && width !== plot.width) plot.setSize({ width, height: HEIGHT });
    }
  }

  /** @param {string} kind @param {HTMLElement} box @returns {import("uplot").Options} */
  #options(kind, box) {
    const [ink, line] = [this.#seen("--muted"), this.#seen("--line")];
    const axis = {
      stroke: ink,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
      font: `12px ${getComputedStyle(box).fontFamily}`,
    };
    /** @param {string} who @param {number[]} [dash] */
    const series = (who, dash) => ({
      label: say(`curves.${who}`),
      stroke: this.#seen(`--plot-${who}`),
      width: 2,
      dash,
      points: { size: 5 },
      spanGaps: true,
    });
    return {
      width: box.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: ({ data: [x] }) => [x[0] ?? 1, Math.max(x[x.length - 1] ?? 1, (x[0] ?? 1) + 1)] },
        y: kind === "accuracy" ? { range: (_plot, low) => [Math.min(0.5, Math.floor((low ?? 0.5) * 10) / 10), 1] } : {},
      },
      axes: [
        { ...axis, size: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
        { ...axis, size: 48, values: kind === "accuracy" ? PERCENT : SHORT },
      ],
      series: [
        { label: this.hasAttribute("data-ways") ? say("curves.way") : say("curves.epoch") },
        series("train"),
        series("validation", [6, 4]),
      ],
    };
  }

  /** A colour variable as the browser computes it: light-dark() means nothing to a canvas. @param {string} name */
  #seen(name) {
    const probe = newElement("span", { className: `probe${name}` });
    this.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }
}

customElements.define("run-curves", RunCurves);
