// What was dropped: files, and those inside of dropped folders.

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const read = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** @param {FileSystemDirectoryEntry} folder @returns {Promise<File[]>} */
async function inside(folder) {
  const reader = folder.createReader();
  const found = [];
  // readEntries hands out at most 100 at a time, and nothing at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(filesOfEntry))).flat());
  }
}

/** @param {FileSystemEntry} entry @returns {Promise<File[]>} */
async function filesOfEntry(entry) {
  // Hidden files of folders (.DS_Store) are nobody's videos.
  if (entry.name.startsWith(".")) return [];
  return entry.isDirectory
    ? inside(/** @type {FileSystemDirectoryEntry} */ (entry))
    : [await read(/** @type {FileSystemFileEntry} */ (entry))];
}

/** @param {DataTransfer} transfer */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  return (await Promise.all(entries.map(filesOfEntry))).flat();
}

/** The files of a field, which is empty then: the same file can be chosen again. @param {HTMLInputElement} field */
export function takeFiles(field) {
  const files = [...field.files];
  field.value = "";
  return files;
}
