// Pieces that several views share: links to things, marks, and the columns of a table of grants.

import { address, badge, counted, h, named, value, when } from "./dom.js";
import { ABSENT, DECLARED, DIRECTIONS, EXTERNAL, INACTIVE, PRESENT, SELECTOR, UNNAMED, called, ranks } from "./model.js";

/** What a target is called in addresses: nothing where it is the only one. */
export function among(target) {
  return target.page.targets.length > 1 ? { target: target.name } : {};
}

/** A link to the view of a thing, with what stands beside its name. */
export function link(target, thing, { plain = false } = {}) {
  const [first, beside] = called(thing);
  if (thing.flags & (SELECTOR | UNNAMED)) return value(first, { class: "rule" });
  return h(
    "span",
    { class: "thing" },
    h("a", { href: address(thing.kind, thing.key, among(target)), title: first.length > 20 ? first : null }, named(first)),
    !plain && beside ? value(beside, { class: "beside" }) : null,
  );
}

/** The marks of a thing itself. */
export function marksOf(target, thing) {
  if (thing.flags & UNNAMED) return [];
  const found = [];
  const read = target.page.raw.source !== "files" && target.page.raw.source !== "plan";
  if (["person", "group", "set"].includes(thing.kind) && read && !(thing.flags & DECLARED)) {
    found.push(badge("amber", "Not in git", "Git does not declare it"));
  }
  if (thing.flags & ABSENT) found.push(badge("grey", "Not created yet", "Git declares it, and the target does not have it"));
  if (thing.kind === "person") found.push(...standing(thing, read));
  if (thing.flags & EXTERNAL) found.push(badge("grey", "From another directory"));
  if (thing.idle?.length) found.push(badge("grey", `${thing.idle.length.toLocaleString("en")} assigned, nobody in it`));
  if (thing.kind === "account" && thing.state && thing.state !== "ACTIVE") found.push(badge("grey", thing.state));
  return found;
}

// Whether a person can use what they have; of files alone nobody knows who can sign in.
function standing(person, read) {
  const found = [];
  if (person.flags & INACTIVE && !read) found.push(badge("grey", "No access now", "Git gives them nothing at this moment"));
  else if (person.flags & INACTIVE && !(person.flags & ABSENT)) {
    found.push(badge("grey", "Cannot sign in", "Reaches nothing, also by what is assigned"));
  } else if (person.reason && person.flags & PRESENT) {
    found.push(badge("red", "To lose all access", "Git says so, and it is not carried out"));
  }
  if (person.denied !== null) {
    const title = "The policy of denials has them: it denies everything on the accounts that it binds, to running sessions too";
    found.push(badge("red", person.denied ? `Denied until ${person.denied.slice(0, 10)}` : "Denied", title));
  }
  return found;
}

/** The marks of a grant. */
export function marks(row) {
  return [
    row.privileged && badge("red", "Privileged"),
    row.unmanaged && badge("amber", "Not in git", "No entry of git gives it"),
    row.direct && badge("blue", "Direct", "Assigned to the person, and not to a group"),
    row.over && badge("red", `Over since ${row.until.slice(0, 10)}`, `It was to end at ${when(row.until)}, and is still there`),
    row.until && !row.over && badge("violet", `Ends ${row.until.slice(0, 10)}`, when(row.until)),
    row.start && !row.direction && badge("grey", `From ${row.start.slice(0, 10)}`, when(row.start)),
    row.unknown && badge("grey", "Content unknown", "What its customer-managed policies allow is not known"),
  ].filter(Boolean);
}

/** A change in words: `gains`. */
export function changed(row) {
  const tone = { lose: "red", gain: "green" }[row.direction] ?? "grey";
  const ends = ["longer", "shorter"].includes(row.direction) ? `: ${when(row.start) || "never"} → ${when(row.until) || "never"}` : "";
  return badge(tone, `${DIRECTIONS[row.direction]}${ends}`);
}

/** The place of a change in the order in which changes are told. */
export function turn(row) {
  return Object.keys(DIRECTIONS).indexOf(row.direction);
}

/** By what a grant is reached: groups, or the person's own assignment. */
export function through(target, row) {
  return listed(Array.from(row.groups, (i) => (i < 0 ? h("span", { class: "faint" }, "directly") : link(target, target.group[i], { plain: true }))));
}

/** The entries of git that say so, each with its line. */
export function because(target, row) {
  return listed(
    Array.from(row.entries, (i) => {
      if (i < 0) return h("span", { class: "faint" }, "not in git");
      const entry = target.entry[i];
      return h("span", { class: "thing" }, named(entry.key), place(target, entry.at));
    }),
  );
}

/** Where something stands in the files, in small letters. */
export function place(target, at) {
  const text = target.page.place(at);
  return text ? value(text, { class: "place" }) : null;
}

/** Pieces with commas between them. */
export function listed(pieces) {
  return pieces.flatMap((each, i) => (i ? [", ", each] : [each]));
}

/** The columns of a table of lines (numbers), without those in `leave`. */
export function lineColumns(target, leave = []) {
  const { lines, rows } = target;
  const rank = { person: null, account: null, set: null };
  const ranked = (kind) => (rank[kind] ??= ranks(target[kind]));
  const row = (line) => rows[lines.row[line]];
  const changes = rows.some((each) => each.direction);
  const columns = [
    changes && { id: "change", label: "Change", cell: (line) => changed(row(line)), key: (line) => turn(row(line)) },
    { id: "person", label: "Person", cell: (line) => link(target, target.person[lines.person[line]]), key: (line) => ranked("person")[lines.person[line]] },
    { id: "set", label: "Permission set", cell: (line) => link(target, target.set[row(line).set], { plain: true }), key: (line) => ranked("set")[row(line).set] },
    { id: "account", label: target.page.raw.source === "files" ? "Accounts" : "Account", cell: (line) => account(target, line), key: (line) => ranked("account")[lines.account[line]] },
    { id: "through", label: "Through", cell: (line) => through(target, row(line)) },
    !changes && { id: "because", label: "Because of", cell: (line) => because(target, row(line)) },
    { id: "marks", label: "Marks", cell: (line) => marks(row(line)), key: (line) => weight(row(line)) },
  ];
  return columns.filter((each) => each && !leave.includes(each.id));
}

function account(target, line) {
  const row = target.rows[target.lines.row[line]];
  const shown = link(target, target.account[target.lines.account[line]]);
  return row.excepted.length ? [shown, h("span", { class: "beside" }, "except ", listed(row.excepted.map((each) => value(each))))] : shown;
}

// What is marked comes first.
function weight(row) {
  return -(row.privileged * 8 + row.unmanaged * 4 + row.direct * 2 + (row.until ? 1 : 0));
}

/** Why nothing stands in a place: never that there is nothing, where nobody looked. */
export function nothing(target, what) {
  const { source } = target.page.raw;
  if (source === "plan") return `The plan changes nothing ${what}. This page does not show access that stays as it is.`;
  if (source === "files") return `The files give nothing ${what}. This page does not show what was given outside git.`;
  if (target.partial) return `Nothing was found ${what} in what was read. Not everything was read: see the overview.`;
  return `Nobody holds a permission set ${what}.`;
}

/** A section with a heading; with `count`, that stands beside it. */
export function section(id, title, count, ...children) {
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, title, count === null ? null : h("span", { class: "count" }, count)),
    children,
  );
}

export const grants = (count) => counted(count, "grant", "grants");
export const people = (count) => counted(count, "person", "people");
export const accounts = (count) => counted(count, "account", "accounts");
export const sets = (count) => counted(count, "permission set", "permission sets");
