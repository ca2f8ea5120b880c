// What people look for: words, words in one column, and marks; and which lines have all of it.

import { words } from "./model.js";

const COLUMNS = ["person", "group", "account", "set", "entry"];
const TERM = /(?:(person|group|account|set|entry):)?(?:"((?:[^"\\]|\\.)*)"?|(\S+))/gi;
export const MARKS = {
  privileged: "Privileged",
  direct: "Direct",
  unmanaged: "Not in git",
  unknown: "Content unknown",
  ends: "Ends",
};

/** The marks that a report can know: what git does not say, only a service tells. */
export function marksFor(target) {
  const others = Object.fromEntries(Object.entries(MARKS).filter(([mark]) => mark !== "unmanaged"));
  const read = !["plan", "files"].includes(target.page.raw.source);
  return read ? MARKS : others;
}

const DAY = 86_400_000;

/** A term that looks for exactly this value in one column. */
export function exactly(column, text) {
  return `${column}:"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** The terms of a search: each a word, and the column that it is looked for in ("" is any). */
export function terms(text) {
  return [...text.matchAll(TERM)].map(([, column, quoted, bare]) => ({
    column: (column ?? "").toLowerCase(),
    word: (quoted === undefined ? bare : quoted.replace(/\\(.)/g, "$1")).toLowerCase(),
  }));
}

/** The numbers of the lines of a target that fit: all `terms`, all `marks`, an end within `days` (0: any). */
export function search(target, { text = "", marks = [], days = 0 }) {
  const asked = terms(text).filter((each) => each.word);
  const ends = days ? target.page.now + days * DAY : 0;
  const rows = target.rows.map((row) => fits(row, marks, ends));
  const tests = asked.map((term) => test(target, term));
  const { lines } = target;
  const found = new Int32Array(lines.count);
  let count = 0;
  for (let line = 0; line < lines.count; line++) {
    if (!rows[lines.row[line]]) continue;
    if (tests.every((one) => one.row[lines.row[line]] || one.person[lines.person[line]] || one.account[lines.account[line]])) {
      found[count++] = line;
    }
  }
  return found.subarray(0, count);
}

/** Which of some things a word is in; where one is called exactly so, only that. */
export function among(things, word) {
  const found = new Uint8Array(things.length);
  things.forEach((each, i) => (found[i] = same(each, word)));
  if (!found.includes(1)) things.forEach((each, i) => (found[i] = words(each).includes(word)));
  return found;
}

function same(thing, word) {
  return thing.key.toLowerCase() === word || (thing.name !== "" && thing.name.toLowerCase() === word);
}

function fits(row, marks, ends) {
  for (const mark of marks) if (mark === "ends" ? row.until === 0 : !row[mark]) return false;
  return !ends || (row.until !== 0 && Date.parse(row.until) <= ends);
}

function test(target, { column, word }) {
  const none = (kind) => new Uint8Array(target[kind].length);
  const whole = (kind) => (column === kind ? among(target[kind], word) : column ? none(kind) : containing(target[kind], word));
  const found = Object.fromEntries(COLUMNS.map((kind) => [kind, whole(kind)]));
  return {
    person: found.person,
    account: found.account,
    row: target.rows.map(
      (row) =>
        found.set[row.set] === 1 ||
        row.groups.some((i) => i >= 0 && found.group[i]) ||
        row.entries.some((i) => i >= 0 && found.entry[i]),
    ),
  };
}

function containing(things, word) {
  return Uint8Array.from(things, (each) => words(each).includes(word));
}
