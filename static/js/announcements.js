// Says things to who listens instead of looking: what just happened, and the end of each piece of work, once, in words.
// The region outlives visits (data-turbo-permanent): a screen reader speaks only what changes in one that it knows.
import { newElement, say } from "rollcall/api";
import { ENDED } from "rollcall/live-store";
import { uploads } from "rollcall/uploads";

const SETTLED_MS = 100;
const KEPT_MS = 15_000;
/** Kinds of work that somebody waits for; the others follow from these by themselves. */
const AWAITED = ["check", "analysis", "import", "checkup", "train", "recognise", "export", "introduce"];
const NAMES = "h1, h2, .card-link";

/** Says words in a moment: a page that is being put in place is not listened to yet. @param {string} words */
export function announce(words) {
  // One element each: what is said at the same moment is not overwritten.
  const said = newElement("p", {}, words);
  setTimeout(() => document.getElementById("announcements")?.append(said), SETTLED_MS);
  setTimeout(() => said.remove(), KEPT_MS);
}

/** Names of the subjects that were seen at work, by job: the card may be another's, or gone, at the end. @type {Map<string, string>} */
const atWork = new Map();

document.addEventListener("live:job", ({ detail: state }) => {
  if (!ENDED.includes(state.status)) return void atWork.set(state.id, nameOf(state.subject) || atWork.get(state.id));
  if (!atWork.has(state.id)) return; // it ended before anybody listened
  const words = wordsOf(state);
  const name = nameOf(state.subject) || atWork.get(state.id);
  atWork.delete(state.id);
  if (words) announce(named(name, words));
});

/** @param {JobState} state */
function wordsOf({ kind, status, headline, detail }) {
  if (!AWAITED.includes(kind)) return "";
  if (status === "failed") return say("ended.failed", { headline, detail });
  if (status === "cancelled") return headline;
  return kind === "check" ? "" : say(`ended.${kind}`); // the analysis follows a check
}

/** @param {string} name @param {string} words */
const named = (name, words) => (name ? say("ended.of", { name, words }) : words);

/** As the page calls a subject; empty for one that it does not show. @param {string} subject */
function nameOf(subject) {
  const upload = uploads.items.find((item) => item.video === subject);
  if (upload) return upload.name;
  const shown = document.querySelector(`[data-subject="${CSS.escape(subject)}"]`)?.querySelector(NAMES);
  const isWholePage = document.querySelector("live-updates")?.dataset.socket.includes(subject);
  return (shown ?? (isWholePage ? document.querySelector("h1") : null))?.textContent.trim().replace(/\s+/g, " ") ?? "";
}

/** Phases of uploads that were said. @type {WeakMap<EventTarget, string>} */
const said = new WeakMap();

/**
 * Says that an upload ended, or waits for the connection; the numbers in between say nothing.
 * @param {EventTarget & { phase: string; name: string; words: string; percent: number }} item
 */
export function announceUpload(item) {
  const { phase, name, percent } = item;
  if (said.get(item) === phase) return;
  said.set(item, phase);
  if (phase === "failed") announce(named(name, item.words));
  if (phase === "done" || phase === "retrying") announce(named(name, say(`upload.${phase}`, { percent })));
}

uploads.addEventListener("change", () => uploads.items.forEach(announceUpload));

let isFirst = true;

// A visit replaces the page without a word: its title tells where one is.
document.addEventListener("turbo:load", () => {
  if (!isFirst) announce(document.title);
  isFirst = false;
});
