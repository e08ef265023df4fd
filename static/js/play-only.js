// <play-only>: plays one person's appearances one after the other, here and on through all their videos.
import { visit } from "@hotwired/turbo";
import { isTyping, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { writeAddress } from "rollcall/panel-address";
import { placeAt, stepAt, stretches } from "rollcall/play-order";
import { toast } from "rollcall/toasts";

class PlayOnly extends Listening {
  /** Who is played alone; empty while everybody is. */
  #person = "";
  #selected = "";
  /** The player was sent to a moment and is not there yet. */
  #isJumping = false;

  connectedCallback() {
    this.hidden = false;
    this.panel = this.closest("people-panel");
    this.player = document.getElementById("player");
    this.listen(this, "click", (event) => this.#act(event.target.closest("[data-act]")?.dataset.act));
    this.listen(this.player, "click", (event) => event.target.closest('[data-act="only-end"]') && this.#end());
    this.listen(document, "people:selected", ({ detail }) => this.#select(detail.person));
    this.listen(document, "player:time", ({ detail }) => this.#moment(detail));
    this.listen(this.player.querySelector("video"), "seeked", () => (this.#isJumping = false));
    this.listen(this.player.querySelector("video"), "ended", () => this.#person && this.#over());
    this.listen(document, "keydown", (event) => this.#key(event));
    this.listen(document, "fragment:refreshed", (event) => event.target.contains(this) && this.#show());
    this.#selected = this.panel.dataset.person;
    if (this.dataset.only && this.#selected) this.#begin(this.#selected);
    this.#show();
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.#note("");
  }

  /** Whom the button is about: who is selected, else who is seen most. */
  get #row() {
    const row = document.getElementById(`person-${this.#person || this.#selected}`);
    return row ?? this.panel.querySelector(".person-row:not([hidden])");
  }

  get #spans() {
    const row = document.getElementById(`person-${this.#person}`);
    return row ? JSON.parse(row.dataset.appearances) : [];
  }

  get #parts() {
    return stretches(this.#spans, this.player.length);
  }

  get #isAll() {
    return new URLSearchParams(location.search).get("only") === "all";
  }

  /** @param {string | undefined} act */
  #act(act) {
    if (!act) return;
    if (this.#person) this.#end();
    else if (this.#row) this.#begin(this.#row.dataset.person, act === "only-all" ? "all" : "here");
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #key(event) {
    if (event.shiftKey || isTyping(event)) return;
    if (event.key.toLowerCase() === "o") this.#act("only");
    if (event.key === "Escape" && this.#person) this.#end();
  }

  /** @param {string} person @param {string} [kind] as in the address; what it says stays without */
  #begin(person, kind) {
    this.#person = person;
    if (kind) writeAddress({ person, only: kind, first: kind === "all" ? this.dataset.video : null });
    if (person !== this.#selected) document.dispatchEvent(new CustomEvent("people:choose", { detail: { person } }));
    // The server is asked for the video with which it goes on.
    if (kind === "all") document.dispatchEvent(new CustomEvent("fragment:stale"));
    const { isOver } = stepAt(this.#parts, this.player.time);
    if (isOver) this.#jump(this.#parts[0]?.[0] ?? 0);
    this.player.play();
    this.#moment({ time: this.player.time, isPlaying: true });
    this.#show();
  }

  #end() {
    this.#person = "";
    this.#isJumping = false;
    writeAddress({ only: null, first: null });
    this.#show();
  }

  /** @param {number} time */
  #jump(time) {
    this.#isJumping = true;
    this.player.seek(time);
  }

  /** @param {{ time: number; isPlaying: boolean }} moment */
  #moment({ time, isPlaying }) {
    if (!this.#person || this.#isJumping) return;
    const spans = this.#spans;
    const { jump, isOver } = stepAt(this.#parts, time);
    if (isOver && isPlaying) return this.#over();
    if (jump !== null && isPlaying) this.#jump(jump);
    const words = this.#isAll ? "only.place_all" : "only.place";
    this.#note(say(words, { name: this.#row.dataset.label, n: placeAt(spans, time), count: spans.length }));
  }

  #over() {
    if (this.dataset.next && this.#isAll) return visit(this.dataset.next);
    toast(say("only.over", { name: this.#row.dataset.label }));
    this.player.pause();
    this.#end();
  }

  /** @param {string} person */
  #select(person) {
    if (this.#person && person !== this.#person) this.#end();
    this.#selected = person;
    this.#show();
  }

  #show() {
    const row = this.#row;
    const [button, all] = this.querySelectorAll("[data-act]");
    this.hidden = !row;
    if (!row) return;
    const name = row.dataset.label;
    button.querySelector("[data-words]").textContent = say(this.#person ? "only.stop" : "only.play", { name });
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, this.#person ? "#stop" : "#play"));
    button.classList.toggle("is-on", Boolean(this.#person));
    const videos = Number(row.dataset.videos);
    all.hidden = videos < 2 || Boolean(this.#person);
    all.querySelector("[data-words]").textContent = say("only.play_all", { n: videos });
    if (!this.#person) this.#note("");
  }

  /** Says in the player what is played, with a way to end it. @param {string} words */
  #note(words) {
    const note = this.player?.querySelector("[data-only-note]");
    if (!note) return;
    note.hidden = !words;
    const place = note.querySelector("[data-only-words]");
    if (place.textContent !== words) place.textContent = words;
  }
}

customElements.define("play-only", PlayOnly);
