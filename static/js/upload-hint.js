// <upload-hint>: says in the rail, on every page, that uploads are running.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { uploads } from "rollcall/uploads";

class UploadHint extends Listening {
  connectedCallback() {
    this.listen(uploads, "change", this.#show);
    this.#show();
  }

  #show = () => {
    const n = uploads.running.length;
    this.hidden = n === 0;
    if (n) this.querySelector("span").textContent = say("upload.summary", { n, percent: uploads.percent });
  };
}

customElements.define("upload-hint", UploadHint);
