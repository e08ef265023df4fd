// <download-text>: a button that saves the lines of the list beside it as a file, without asking the server for them.
import { localTime } from "rollcall/format";
import { Listening } from "rollcall/listening";

class DownloadText extends Listening {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = false;
    this.listen(button, "click", this.#save);
  }

  #save = () => {
    const lines = [...this.querySelectorAll("li")].map((each) => each.textContent.trim());
    lines.unshift(this.dataset.intro, localTime(new Date().toISOString(), true), "");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/plain" }));
    link.download = this.dataset.name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
}

customElements.define("download-text", DownloadText);
