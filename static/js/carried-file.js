// A file that one page of this tab hands to the next, where it is of use: a picture that was dropped among videos.

/** @type {File | null} */
let carried = null;

/** @param {File} file */
export const carry = (file) => {
  carried = file;
};

/** The file, once. */
export function takeCarried() {
  const file = carried;
  carried = null;
  return file;
}
