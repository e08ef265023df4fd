// One tile of the label grid: its picture, its label or the suggestion, and what a screen reader says about it.
import { icon, newElement, say } from "rollcall/api";
import { clock, clockLength } from "rollcall/format";

/** @param {number} place @param {number} columns */
export function makeTile(place, columns) {
  /** @param {string} className @param {(Node | string)[]} inside */
  const span = (className, ...inside) => newElement("span", { className }, ...inside);
  const image = newElement("img", { alt: "", decoding: "async", draggable: false });
  const picture = span("tile-picture", image, span("tile-mark", icon("check")), span("tile-time"));
  const cell = {
    className: "sample-tile",
    role: "gridcell",
    ariaColIndex: String((place % columns) + 1),
    tabIndex: -1,
  };
  const tile = newElement("div", cell, picture, span("tile-words", span("cut"), newElement("b")));
  tile.dataset.place = String(place);
  image.addEventListener("error", () => tile.classList.add("is-blank"));
  return tile;
}

/**
 * Shows what is known of a sample; `row` is undefined as long as its details are under way.
 * @param {HTMLElement} tile
 * @param {{ row?: SampleRow; number: number; labels: Map<number, Label>; isSelected: boolean; isCurrent: boolean }} more
 */
export function paintTile(tile, { row, number, labels, isSelected, isCurrent }) {
  const label = row && labels.get(row.label);
  const suggestion = row && !label && labels.get(row.suggested);
  const hue = label?.hue ?? suggestion?.hue;
  tile.className = [
    "sample-tile",
    hue !== undefined && `hue-${hue}`,
    label && "is-labelled",
    suggestion && "is-suggested",
    row?.out && "is-out",
    row?.isGone && "is-gone",
    !row && "is-waiting",
    isSelected && "is-selected",
    tile.classList.contains("is-blank") && "is-blank",
  ]
    .filter(Boolean)
    .join(" ");
  tile.setAttribute("aria-selected", String(isSelected));
  tile.tabIndex = isCurrent ? 0 : -1;
  const [name, share] = wordsOf(row, label, suggestion);
  const [first, second] = tile.querySelector(".tile-words").children;
  if (first.textContent !== name) first.textContent = name;
  if (second.textContent !== share) second.textContent = share;
  tile.querySelector(".tile-time").textContent = row?.duration ? clockLength(row.duration) : "";
  tile.setAttribute("aria-label", spokenFacts(row, number, `${name} ${share}`.trim()));
}

/**
 * What stands under the picture: words that may be cut, and a number that may not.
 * @param {SampleRow | undefined} row
 * @param {Label | undefined} label
 * @param {Label | undefined} suggestion
 */
function wordsOf(row, label, suggestion) {
  if (!row) return ["", ""];
  if (row.isGone) return [say("grid.gone"), ""];
  if (row.out) return [label ? say("grid.out_and", { name: label.name }) : say("grid.out"), ""];
  return suggestion ? guessWords(suggestion, row) : [label?.name ?? "", ""];
}

/** The suggested label, and how certain it is. @param {Label} suggestion @param {SampleRow} row */
export const guessWords = ({ name }, { certainty }) => [
  say("grid.guess", { name }),
  say("grid.certainty", { percent: Math.round(100 * (certainty ?? 0)) }),
];

/**
 * "Sample 12, smile, Opening night, 0:48".
 * @param {SampleRow | undefined} row
 * @param {number} number
 * @param {string} words
 */
export function spokenFacts(row, number, words) {
  const facts = [say("grid.sample", { n: number }), words || (row ? say("grid.unlabelled") : say("grid.waiting"))];
  if (row?.title) facts.push(row.title);
  if (Number.isFinite(row?.time)) facts.push(clock(row.time));
  return facts.join(say("list.separator"));
}

/**
 * Sets the picture; while one scrolls fast the caller waits, so that nothing is fetched that nobody sees.
 * @param {ParentNode} tile
 * @param {string} url
 */
export function showPicture(tile, url) {
  const image = tile.querySelector("img");
  if (image.getAttribute("src") !== url) image.src = url;
}
