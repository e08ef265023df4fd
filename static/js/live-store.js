// The newest known state of every job, by id. Whole states with a rising sequence: late or repeated ones do no harm.

/** @type {Map<string, JobState>} */
const states = new Map();

/** Whether more is at work than the server told. */
let isCut = false;

/** @param {boolean} answer */
export function cut(answer) {
  isCut = answer;
}

/** Whether this page was told what there is: an ended job that it hears of only now began and ended since. */
let isUpToDate = false;

/** @param {boolean} answer */
export function upToDate(answer) {
  isUpToDate = answer;
}

export const isNews = () => isUpToDate;

/** Statuses that no work leaves again. */
export const ENDED = ["done", "failed", "cancelled"];

/** Kinds of work that go on beside what a video's state says. */
const BESIDE = ["web_copy", "recognise"];

/** Takes a state in; tells the page ("live:job") only if it is newer than what is known. @param {JobState} state */
export function offer(state) {
  const known = states.get(state.id);
  if (known && known.sequence >= state.sequence) return;
  states.set(state.id, state);
  document.dispatchEvent(new CustomEvent("live:job", { detail: state }));
}

/** An object is gone for everybody. @param {string} subject */
export function remove(subject) {
  for (const [id, state] of states) if (state.subject === subject) states.delete(id);
  document.dispatchEvent(new CustomEvent("live:gone", { detail: { subject } }));
}

/** The videos that are checked or analysed now, as far as this page heard. */
export const videosAtWork = () =>
  new Set(
    [...states.values()]
      .filter(({ kind, status }) => ["check", "analysis"].includes(kind) && ["queued", "running"].includes(status))
      .map(({ subject }) => subject),
  );

/** How many these are, in words: "200+" where the server told of some only. */
export const countAtWork = () => (videosAtWork().size ? `${videosAtWork().size}${isCut ? "+" : ""}` : "");

/** @param {string} id */
export const stateOf = (id) => states.get(id);

/**
 * The newest job about a subject: of one kind, or of those that decide the state of a video.
 * @param {string} subject
 * @param {string} [kind]
 */
export function latestOf(subject, kind) {
  const fits = [...states.values()].filter(
    (state) => state.subject === subject && (kind ? state.kind === kind : !BESIDE.includes(state.kind)),
  );
  return fits.sort((a, b) => b.created - a.created)[0];
}
