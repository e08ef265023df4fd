// What a file is by its first bytes, where they are those of something that is no video, whatever its name says.

const READ_BYTES = 512;
/** @type {[string, number, number[]][]} Media type, where its mark stands, and the mark. */
const MARKS = [
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47]],
  ["image/tiff", 0, [0x49, 0x49, 0x2a, 0x00]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["image/heic", 4, [0x66, 0x74, 0x79, 0x70, 0x68, 0x65, 0x69]],
  ["image/heic", 4, [0x66, 0x74, 0x79, 0x70, 0x6d, 0x69, 0x66, 0x31]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
  ["application/pdf", 0, [0x25, 0x50, 0x44, 0x46]],
  ["application/zip", 0, [0x50, 0x4b, 0x03, 0x04]],
];
/** Pictures one after the other, and a header in letters before the first of them. */
const VIDEOS_OF_THEIR_OWN = /\.(mjpe?g|y4m)$/i;

/** @param {File} file @returns {Promise<string>} Empty where it may be a video, or cannot be read. */
export async function contentOf(file) {
  if (VIDEOS_OF_THEIR_OWN.test(file.name)) return "";
  const head = await headOf(file).catch(() => new Uint8Array());
  const mark = MARKS.find(([, at, bytes]) => bytes.every((byte, index) => head[at + index] === byte));
  if (mark) return mark[0];
  return head.length && head.every(isOfText) ? "text/plain" : "";
}

/** @param {File} file */
const headOf = async (file) => new Uint8Array(await file.slice(0, READ_BYTES).arrayBuffer());

/** Letters of any alphabet, tabs and ends of lines; formats of videos hold zeros soon. @param {number} byte */
const isOfText = (byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
