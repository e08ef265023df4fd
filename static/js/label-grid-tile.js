// One tile of the label grid: its picture, its label or the suggestion, and what a screen reader says about it.
import { icon, say } from "rollcall/api";
import { clock } from "rollcall/format";

/** @param {number} place @param {number} columns */
export function makeTile(place, columns) {
  const tile = document.createElement("div");
  tile.className = "sample-tile";
  tile.setAttribute("role", "gridcell");
  tile.setAttribute("aria-colindex", String((place % columns) + 1));
  tile.dataset.place = String(place);
  tile.tabIndex = -1;
  const picture = document.createElement("span");
  picture.className = "tile-picture";
  const image = document.createElement("img");
  image.alt = "";
  image.decoding = "async";
  image.draggable = false;
  image.addEventListener("error", () => tile.classList.add("is-blank"));
  const mark = document.createElement("span");
  mark.className = "tile-mark";
  mark.append(icon("check"));
  const time = document.createElement("span");
  time.className = "tile-time";
  picture.append(image, mark, time);
  const words = document.createElement("span");
  words.className = "tile-words";
  const name = document.createElement("span");
  name.className = "cut";
  words.append(name, document.createElement("b"));
  tile.append(picture, words);
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
  const time = tile.querySelector(".tile-time");
  time.textContent = row?.duration ? clock(row.duration) : "";
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
  if (suggestion)
    return [
      say("grid.guess", { name: suggestion.name }),
      say("grid.certainty", { percent: Math.round(100 * (row.certainty ?? 0)) }),
    ];
  return [label?.name ?? "", ""];
}

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
  return facts.join(", ");
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
