// What a ZIP's directory says before the file is sent.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { directoryOf, partsIn } from "rollcall/zip-directory";

const SUFFIXES = new Set([".jpg", ".mp4"]);

/** A ZIP of empty files; only its directory is ever looked at. @param {string[]} names @param {number} [said] */
function zip(names, said = names.length) {
  const entries = names.map((name) => {
    const bytes = Buffer.from(name);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(bytes.length, 28);
    return Buffer.concat([head, bytes]);
  });
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(said, 0xffff), 10);
  end.writeUInt32LE(directory.length, 12);
  const end64 = Buffer.alloc(76);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(BigInt(said), 32);
  end64.writeBigUInt64LE(BigInt(directory.length), 40);
  end64.writeUInt32LE(0x07064b50, 56);
  return new Blob([Buffer.from("content"), directory, ...(said > 0xffff ? [end64] : []), end, Buffer.alloc(0)]);
}

test("names and number of files are read from the end, whatever lies before", async () => {
  const names = ["train/猫/1.jpg", "val/a.jpg"];
  assert.deepEqual(await directoryOf(zip(names)), { count: 2, names });
  assert.equal((await directoryOf(zip(names, 250_000))).count, 250_000, "in the larger record");
  assert.equal(await directoryOf(new Blob(["no ZIP at all, but long enough to be one"])), null);
});

test("folders are sets where all of them are called so", () => {
  const yolo = ["data.yaml", "images/train2017/1.jpg", "images/train2017/2.jpg", "images/val2017/3.jpg", "a.jpg"];
  assert.deepEqual(partsIn(yolo, SUFFIXES), { train: 2, validation: 1, test: 0 });
  assert.deepEqual(partsIn(["Valid\\x\\1.jpg", "Test\\x\\2.mp4"], SUFFIXES), { train: 0, validation: 1, test: 1 });
  assert.equal(partsIn(["car/1.jpg", "train/2.jpg", "test/3.jpg"], SUFFIXES), null, "kinds of vehicles");
  assert.equal(partsIn(["train/1.jpg", "train/2.jpg"], SUFFIXES), null, "nothing is divided");
});
