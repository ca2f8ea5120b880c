// A view for each person, group, account and permission set: what it is, its access with the why, and a picture.

import { address, counted, h, number, value, when } from "./dom.js";
import { changesTable, drifted } from "./lists.js";
import { called } from "./model.js";
import { graph } from "./graph.js";
import { among, grants, lineColumns, link, listed, marksOf, nothing, place, section } from "./parts.js";
import { exactly } from "./query.js";
import { table } from "./table.js";

const KIND = { person: "Person", group: "Group", account: "Account", set: "Permission set" };
const PLURAL = { person: ["people", "People"], group: ["groups", "Groups"], account: ["accounts", "Accounts"], set: ["sets", "Permission sets"] };
const WHAT = { person: "for this person", group: "through this group", account: "on this account", set: "of this name" };
// Places in an entry of drift.
const ENDS = { person: 3, group: 4, set: 5, account: 6 };

/** The view of one thing of a kind. */
export function page(kind) {
  return (target, key) => {
    const thing = target.find(kind, key);
    if (!thing) return unknown(kind, key, target);
    const [name, beside] = called(thing);
    const lines = target.linesOf(thing);
    return [
      h("nav", { class: "path", "aria-label": "Where this is" }, h("a", { href: address(PLURAL[kind][0], null, among(target)) }, PLURAL[kind][1])),
      h("div", { class: "title" }, h("h1", { tabindex: -1 }, h("span", { class: "unseen" }, `${KIND[kind]} `), value(name), beside ? value(beside, { class: "beside" }) : null), h("div", { class: "badges" }, marksOf(target, thing))),
      facts(target, thing),
      granted(target, thing, lines),
      kind === "person" ? memberships(target, thing) : null,
      kind === "group" ? members(target, thing) : null,
      kind === "group" ? idle(target, thing) : null,
      applications(target, thing),
      planned(target, thing),
      differing(target, thing),
    ];
  };
}

export function unknown(kind, key, target) {
  return [
    h("h1", { tabindex: -1 }, "Not in this report"),
    h("p", { class: "lead" }, `${KIND[kind] ?? "Page"} `, value(key ?? ""), " is not among what this page knows. It may exist all the same."),
    h("p", null, h("a", { href: address("overview", null, among(target)) }, "What this page knows")),
  ];
}

function facts(target, thing) {
  const { source } = target.page.raw;
  const found = [];
  const add = (term, ...text) => found.push(h("div", null, h("dt", null, term), h("dd", null, text)));
  if (thing.kind === "person") {
    if (thing.name && thing.name !== called(thing)[0]) add("User name", value(thing.name));
    if (thing.display && thing.display !== called(thing)[1]) add("Name", value(thing.display));
    if (thing.until) add(Date.parse(thing.until) > target.page.now ? "Leaves" : "Left, says git", when(thing.until));
    if (thing.reason) add("No access, says git", value(thing.reason));
    if (thing.denied !== null) add("Denied", thing.denied ? `until ${when(thing.denied)}, or until a run takes them out` : "with no end yet");
  }
  if (thing.kind === "group") {
    if (thing.note) add("Description", value(thing.note));
    add("Members", thing.members < 0 ? "not known" : counted(target.lists[thing.members].length, "person", "people"));
    if (thing.includes.length) add("Takes in", listed(thing.includes.map(([i, at]) => h("span", null, link(target, target.group[i], { plain: true }), place(target, at)))));
  }
  if (thing.kind === "account") {
    add("Id", value(thing.key));
    add("Unit", thing.unit ? value(thing.unit) : "not read");
  }
  if (thing.kind === "set") {
    if (thing.note) add("Description", value(thing.note));
    if (thing.duration) add("Session", value(thing.duration));
    if (thing.carries.length) add("Allows", h("ul", { class: "plain" }, thing.carries.map((each) => h("li", null, value(each)))));
  }
  if (thing.at) add("Declared in", place(target, thing.at));
  else if (source !== "plan") add("Declared in", thing.kind === "account" ? "no file; an account need not be" : "no file");
  return found.length ? h("dl", { class: "facts" }, found) : null;
}

function granted(target, thing, lines) {
  const plan = target.page.raw.source === "plan";
  const title = plan ? "Changes of access" : "Access";
  if (!lines.length) return section("access", title, null, h("p", { class: "empty" }, nothing(target, WHAT[thing.kind])));
  const total = target.totals(lines);
  const marked = [["privileged", "privileged"], ["unmanaged", "not in git"], ["direct", "direct"], ["ends", "with an end"], ["over", "over and still there"]].filter(([name]) => total[name] && !(plan && name === "unmanaged")).map(([name, text]) => `${number(total[name])} ${text}`);
  const count = plan ? counted(lines.length, "change", "changes") : grants(lines.length);
  const leave = thing.kind === "group" ? [] : [thing.kind];
  return [
    section(
      "access",
      title,
      marked.length ? `${count}: ${marked.join(", ")}` : count,
      graph(target, lines, thing),
      table({ caption: `${title} of ${called(thing)[0]}`, columns: lineColumns(target, leave), items: lines, empty: "" }),
      h("p", { class: "small" }, h("a", { href: address("access", null, { q: exactly(thing.kind, thing.key), ...among(target) }) }, "Search and save these")),
    ),
  ];
}

function memberships(target, person) {
  const found = [];
  const open = [];
  for (const group of target.group) {
    if (group.members < 0) open.push(group);
    else {
      const at = target.lists[group.members].indexOf(person.i);
      if (at >= 0) found.push({ group, why: group.lines[at] });
    }
  }
  if (target.page.raw.source === "plan") return null;
  const why = ({ why: line }) => {
    if (!line) return h("span", { class: "faint" }, "not in git");
    if (line.length < 3) return place(target, line);
    return ["takes in ", link(target, target.group[line[2]], { plain: true }), " ", place(target, line)];
  };
  const unread = open.length ? h("p", { class: "notice" }, `Members of ${counted(open.length, "group", "groups")} are not known, so this list may lack some.`) : null;
  const columns = [
    { id: "group", label: "Group", cell: ({ group }) => link(target, group), key: ({ group }) => called(group)[0] },
    { id: "why", label: "Because of", cell: why },
    { id: "marks", label: "Marks", cell: ({ group }) => marksOf(target, group) },
  ];
  return section("groups", "Groups", number(found.length), unread, table({ caption: `Groups of ${called(person)[0]}`, columns, items: found, sorted: { id: "group" }, empty: open.length ? "None is known." : "None." }));
}

function members(target, group) {
  if (target.page.raw.source === "plan") return null;
  if (group.members < 0) return section("members", "Members", "not known", h("p", { class: "empty" }, "Git does not say who is in it, and nothing was read that does. It may have members."));
  const list = target.lists[group.members];
  const items = Array.from(list, (i, at) => ({ person: target.person[i], line: group.lines[at] }));
  const why = ({ line }) => {
    if (!line) return h("span", { class: "faint" }, "not in git");
    return line.length < 3 ? place(target, line) : ["takes in ", link(target, target.group[line[2]], { plain: true }), " ", place(target, line)];
  };
  const columns = [
    { id: "person", label: "Person", cell: ({ person }) => link(target, person), key: ({ person }) => called(person)[0] },
    { id: "why", label: "Because of", cell: why },
    { id: "marks", label: "Marks", cell: ({ person }) => marksOf(target, person) },
  ];
  return section("members", "Members", number(items.length), table({ caption: `Members of ${called(group)[0]}`, columns, items, sorted: { id: "person" }, empty: "It has no members." }));
}

function idle(target, group) {
  if (!group.idle.length) return null;
  const columns = [
    { id: "set", label: "Permission set", cell: ([set]) => link(target, target.set[set]), key: ([set]) => called(target.set[set])[0] },
    { id: "account", label: "Account", cell: ([, account]) => link(target, target.account[account]), key: ([, account]) => called(target.account[account])[0] },
  ];
  return section("idle", "Assigned to it all the same", number(group.idle.length), h("p", { class: "faint small" }, "Nobody who can sign in is in the group now. Who joins it has these."), table({ caption: `Assignments of ${called(group)[0]}`, columns, items: group.idle, empty: "" }));
}

function applications(target, thing) {
  const all = target.raw.applications;
  if (!all?.length || !["person", "group"].includes(thing.kind)) return null;
  const own = all.filter(([, people, group]) => (thing.kind === "group" ? group === thing.i : target.lists[people].includes(thing.i)));
  if (!own.length) return null;
  const way = (group) => (group < 0 ? "directly" : link(target, target.group[group], { plain: true }));
  return section("applications", "Applications", number(own.length), h("p", { class: "faint small" }, "Git does not manage them."), h("ul", null, own.map(([name, , group]) => h("li", null, value(name), " (", way(group), ")"))));
}

function planned(target, thing) {
  if (!target.changes || target.page.raw.source === "plan") return null;
  const holds = { person: (row) => row.people.includes(thing.i), group: (row) => row.groups.includes(thing.i), set: (row) => row.set === thing.i, account: (row) => row.accounts.includes(thing.i) }[thing.kind];
  const rows = target.changes.filter(holds);
  return rows.length ? section("planned", "Planned changes", number(rows.length), changesTable(target, rows, "")) : null;
}

function differing(target, thing) {
  const entries = target.raw.drift?.entries.filter((each) => each[ENDS[thing.kind]] === thing.i) ?? [];
  return entries.length ? section("differs", "Drift", number(entries.length), drifted(target, entries)) : null;
}
