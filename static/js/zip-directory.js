// What the directory of a ZIP says, read before anything is sent: how many files there are, and for which sets.

const END = 0x06054b50;
const LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
const LONGEST_COMMENT = 65_535;
const MOST_BYTES = 64 * 1024 ** 2;
const MOST_DEPTH = 4;

/** @typedef {"train" | "validation" | "test"} Part */

/** As the server names them, see part_folders_reader.py. @type {Record<string, Part>} */
const PARTS = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
};
const YEAR = /(19|20)\d\d$/;

/** @param {string} folder @returns {Part | undefined} */
const partNamed = (folder) => PARTS[folder.toLowerCase().replace(YEAR, "")];

/**
 * How many samples each set has, by the folders; null where the archive is not divided into sets.
 * @param {string[]} names Paths in the archive.
 * @param {Set<string>} suffixes Of samples, with the dot.
 */
export function partsIn(names, suffixes) {
  const paths = names
    .filter((name) => suffixes.has(name.slice(name.lastIndexOf(".")).toLowerCase()))
    .map((name) => name.replaceAll("\\", "/").split("/"));
  for (let depth = 0; depth < MOST_DEPTH; depth += 1) {
    const deep = paths.filter((path) => path.length > depth + 1);
    const found = new Set(deep.map((path) => partNamed(path[depth])));
    if (found.size < 2 || found.has(undefined)) continue;
    const counts = { train: 0, validation: 0, test: 0 };
    for (const path of deep) counts[partNamed(path[depth])] += 1;
    return counts;
  }
  return null;
}

/**
 * The number of entries, and their names where they are not too many to look through; null for what is no ZIP.
 * @param {Blob} file
 */
export async function directoryOf(file) {
  const tailAt = Math.max(0, file.size - LONGEST_COMMENT - END_BYTES - LOCATOR_BYTES - END64_BYTES);
  const tail = await viewOf(file, tailAt, file.size);
  const at = lastEnd(tail);
  if (at < 0) return null;
  let [count, size, endAt] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), at];
  const at64 = at - LOCATOR_BYTES - END64_BYTES;
  const isLarge = at64 >= 0 && tail.getUint32(at - LOCATOR_BYTES, true) === LOCATOR;
  if (isLarge && tail.getUint32(at64, true) === END64) {
    [count, size] = [Number(tail.getBigUint64(at64 + 32, true)), Number(tail.getBigUint64(at64 + 40, true))];
    endAt = at64;
  }
  const begin = tailAt + endAt - size;
  const names = size <= MOST_BYTES && begin >= 0 ? namesIn(await viewOf(file, begin, begin + size)) : [];
  return { count, names };
}

/** @param {Blob} file @param {number} from @param {number} to */
const viewOf = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());

/** @param {DataView} tail */
function lastEnd(tail) {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) if (tail.getUint32(at, true) === END) return at;
  return -1;
}

/** @param {DataView} directory */
function namesIn(directory) {
  const decoder = new TextDecoder();
  /** @type {string[]} */
  const names = [];
  for (let at = 0; at + ENTRY_BYTES <= directory.byteLength && directory.getUint32(at, true) === ENTRY; ) {
    const [name, extra, comment] = [28, 30, 32].map((place) => directory.getUint16(at + place, true));
    const length = Math.min(name, directory.byteLength - at - ENTRY_BYTES);
    names.push(decoder.decode(new Uint8Array(directory.buffer, directory.byteOffset + at + ENTRY_BYTES, length)));
    at += ENTRY_BYTES + name + extra + comment;
  }
  return names;
}
