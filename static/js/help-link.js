// <help-link>: the key ? opens the chapter about this page, where the page has no list of keys of its own.
import { visit } from "@hotwired/turbo";
import { isTyping } from "rollcall/api";
import { Listening } from "rollcall/listening";

class HelpLink extends Listening {
  connectedCallback() {
    this.listen(document, "keydown", (event) => {
      const hasOwn = document.querySelector("#keys[popover]");
      if (event.key === "?" && !isTyping(event) && !hasOwn) visit(this.querySelector("a").href);
    });
  }
}

customElements.define("help-link", HelpLink);
