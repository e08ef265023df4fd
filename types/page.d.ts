// What our pages add to a browser's: our elements, events and ids, and what our selectors find. Read by tsc only.

/** Whole state of a piece of work, as webapp/jobs sends it. */
interface JobState {
  id: string;
  subject: string;
  kind: string;
  status: string;
  stage: string;
  sequence: number;
  revision: number;
  created: number;
  started: number | null;
  percent: number | null;
  headline: string;
  detail: string;
}

/** Where a player is. */
interface Moment {
  time: number;
  length: number;
  isPlaying: boolean;
}

/** The boxes of a face over time, as the server sends them. */
interface Track {
  id: string;
  appearance: string;
  /** Empty for an unclear face. */
  person: string;
  label: string;
  hue: number | null;
  times_s: number[];
  boxes: number[][];
  max_gap_s: number;
}

/** What a toast offers: an address to post to, or something that the page does by itself. */
interface Undo {
  url?: string;
  fields?: Record<string, string>;
  run?: () => void;
}

/** A stretch of samples with one revision: first and last number, revision. */
type Run = [first: number, last: number, revision: number];

/** A sample of the label grid, as far as its details have come. */
interface SampleRow {
  number: number;
  revision: number;
  isGone?: boolean;
  label?: number | null;
  suggested?: number | null;
  certainty?: number | null;
  out?: boolean;
  sequence?: number | null;
  boxes?: string;
  title?: string;
  name?: string;
  time?: number | null;
  duration?: number | null;
  width?: number;
  height?: number;
  video?: string | null;
}

/** A label of the dataset, read from the bar of labels. */
interface Label {
  id: number;
  name: string;
  hue: number;
  key: string;
}

interface OurEvents {
  "live:job": CustomEvent<JobState>;
  "live:gone": CustomEvent<{ subject: string }>;
  "live:samples": CustomEvent<{ subject?: string; numbers: number[] }>;
  "fragment:stale": CustomEvent<null>;
  "fragment:arrived": CustomEvent<{ fresh: HTMLElement }>;
  "fragment:refreshed": CustomEvent<null>;
  "library:answered": CustomEvent<{ page: Document }>;
  "people:changed": CustomEvent<null>;
  "people:in-picture": CustomEvent<{ people: string[] }>;
  "people:selected": CustomEvent<{ person: string; name: string; n: number; count: number }>;
  "people:on-screen": CustomEvent<{ people: string[] }>;
  "people:go": CustomEvent<{ step: number }>;
  "people:choose": CustomEvent<{ person: string }>;
  "people:unclear": CustomEvent<{ appearance: string }>;
  "player:time": CustomEvent<Moment>;
}

interface OurIds {
  player: import("rollcall/video-player").VideoPlayer;
  "label-dialog": import("rollcall/label-dialog").LabelDialog;
}

interface HTMLElementTagNameMap {
  "toast-list": import("rollcall/toasts").ToastList;
  "upload-row": import("rollcall/upload-row").UploadRow;
  "video-player": import("rollcall/video-player").VideoPlayer;
}

/**
 * What a selector finds by its last part: "form button.btn" a button, '[name="q"]' a field, ".cut" some
 * element.
 */
type Last<S extends string> = S extends `${string} ${infer Rest}` ? Last<Rest> : S;
type Tag<S extends string> = S extends `${infer T}${"." | "[" | ":" | "#"}${string}` ? Tag<T> : S;
type Found<S extends string> =
  Tag<Last<S>> extends keyof HTMLElementTagNameMap
    ? HTMLElementTagNameMap[Tag<Last<S>>]
    : S extends `${string}[name${string}`
      ? HTMLInputElement
      : HTMLElement;

interface ParentNode {
  querySelector<S extends string>(selectors: S): Found<S> | null;
  querySelectorAll<S extends string>(selectors: S): NodeListOf<Found<S>>;
}

interface Element {
  closest<S extends string>(selectors: S): Found<S> | null;
}

/** What an event that bubbles began at. */
type Origin<K> = K extends "input" | "change" ? HTMLInputElement : K extends "submit" ? HTMLFormElement : HTMLElement;

/** What a listener for a name hears; names that only other targets know, such as "online", are not looked into. */
type Heard<K> = K extends keyof DocumentEventMap
  ? DocumentEventMap[K] & { readonly target: Origin<K> }
  : // biome-ignore lint/suspicious/noExplicitAny: see above
    any;
type Listen = <K extends string>(
  target: EventTarget,
  name: K,
  act: (event: Heard<K>) => unknown,
  options?: AddEventListenerOptions,
) => void;

interface DocumentEventMap extends OurEvents {}

interface HTMLElementEventMap extends OurEvents {}

interface Document {
  getElementById<I extends keyof OurIds>(id: I): OurIds[I] | null;
  addEventListener<K extends keyof DocumentEventMap>(
    type: K,
    listener: (event: DocumentEventMap[K] & { readonly target: Origin<K> }) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof DocumentEventMap>(
    type: K,
    listener: (event: DocumentEventMap[K] & { readonly target: Origin<K> }) => unknown,
  ): void;
}

interface HTMLElement {
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K] & { readonly target: Origin<K> }) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K] & { readonly target: Origin<K> }) => unknown,
  ): void;
}

interface HTMLFormControlsCollection {
  /** The fields of a form by their names; of what kind they are only the page knows. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  [name: string]: any;
}

interface Window {
  /** The classic script of tus-js-client leaves itself here. */
  tus: typeof import("tus-js-client");
  /** And so does the script of django-allauth that translates between JSON and what browsers want of passkeys. */
  webauthnJSON?: Record<"create" | "get", (options: object) => Promise<object>>;
  PublicKeyCredential?: object;
}
