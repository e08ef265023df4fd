// Everything that pages may use; elements that a page does not have cost nothing.
import "@hotwired/turbo";
import "rollcall/theme-switch";
import "rollcall/menus";
import "rollcall/toasts";
import "rollcall/live-updates";
import "rollcall/live-fragment";
import "rollcall/job-progress";
import "rollcall/video-grid";
import "rollcall/upload-hint";
import "rollcall/upload-row";
import "rollcall/video-uploader";
import "rollcall/scrub-bar";
import "rollcall/face-boxes";
import "rollcall/video-player";
import "rollcall/people-panel";
import "rollcall/person-name";
<<<<<<< HEAD
import "rollcall/network-preview";
=======
import "rollcall/fill-form";
import "rollcall/import-sender";
>>>>>>> imports
