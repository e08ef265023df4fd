// <notify-button>: asks, by a click, whether the browser may say when all videos are done; it says so to who looks elsewhere.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { videosAtWork } from "rollcall/live-store";

const KEY = "rollcall.notify";
/** Between a check and its analysis nothing is at work for a moment. */
const SETTLED_MS = 3000;
/** @type {Set<string>} */
const begun = new Set();
let timer = 0;

function isWanted() {
  try {
    return Notification.permission === "granted" && localStorage.getItem(KEY) === "yes";
  } catch {
    return false; // no notifications here, or storage is blocked
  }
}

document.addEventListener("live:job", () => {
  clearTimeout(timer);
  const atWork = videosAtWork();
  for (const video of atWork) begun.add(video);
  if (begun.size && !atWork.size) timer = setTimeout(tell, SETTLED_MS);
});

function tell() {
  const n = begun.size;
  begun.clear();
  if (!document.hidden || !isWanted()) return;
  try {
    const note = new Notification(n === 1 ? say("notify.done_one") : say("notify.done_many", { n }), { tag: KEY });
    note.onclick = () => window.focus();
  } catch {
    // Phones show notifications of service workers alone.
  }
}

class NotifyButton extends Listening {
  connectedCallback() {
    this.listen(this, "click", () => this.#toggle());
    this.#show();
  }

  async #toggle() {
    try {
      if (isWanted()) localStorage.removeItem(KEY);
      else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "yes");
    } catch {
      // Storage is blocked: the button stays as it was.
    }
    this.#show();
  }

  #show() {
    this.hidden = !("Notification" in window) || Notification.permission === "denied";
    const button = this.querySelector("button");
    button.setAttribute("aria-pressed", String(isWanted()));
    button.textContent = say(isWanted() ? "notify.on" : "notify.off");
  }
}

customElements.define("notify-button", NotifyButton);
