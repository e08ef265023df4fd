// The title of the tab while work goes on, for whoever reads another one: "(3) Videos", "62 % · name of the video".
import { say } from "rollcall/api";
import { countAtWork, latestOf } from "rollcall/live-store";
import { uploads } from "rollcall/uploads";

const SOCKET_OF_VIDEO = /^\/ws\/videos\/([^/]+)\//;
let plain = document.title;

function show() {
  const before = prefix();
  const title = before ? `${before} ${plain}` : plain;
  if (document.title !== title) document.title = title;
}

function prefix() {
  if (uploads.running.length) return say("title.percent", { percent: uploads.percent });
  const socket = document.querySelector("live-updates")?.dataset.socket ?? "";
  const video = SOCKET_OF_VIDEO.exec(socket)?.[1];
  if (video) {
    const job = latestOf(video);
    return job?.status === "running" && job.percent !== null ? say("title.percent", { percent: job.percent }) : "";
  }
  // Other pages hear nothing, so what they know may be over.
  const n = document.querySelector("video-grid") ? countAtWork() : "";
  return n ? `(${n})` : "";
}

document.addEventListener("turbo:load", () => {
  plain = document.title;
  show();
});
document.addEventListener("live:job", show);
document.addEventListener("live:gone", show);
uploads.addEventListener("change", show);
