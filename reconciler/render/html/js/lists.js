// Views that are lists: grants, the matrix, each kind of thing, drift, and planned changes.

import { badge, counted, h, number, say, value, when } from "./dom.js";
import { csv, save } from "./csv.js";
import { called, ranks, words } from "./model.js";
import { matrix } from "./matrix.js";
import { accounts, changed, grants, lineColumns, link, listed, marks, marksOf, nothing, people, sets, through, turn } from "./parts.js";
import { MARKS, marksFor, search } from "./query.js";
import { table } from "./table.js";

const DAYS = [7, 14, 30, 90, 365];
const WAIT = 120;

/** A head with the controls that narrow a list. `narrow` gets what is asked for, and draws. */
function narrowed(view, options, title, lead, controls, narrow) {
  const state = { q: options.get("q") ?? "", marks: (options.get("marks") ?? "").split(",").filter((each) => Object.hasOwn(MARKS, each)), ends: Number(options.get("ends")) || 0, ...controls.state };
  const count = h("span", { class: "count" });
  const place = h("div", { class: "result" });
  let timer = 0;
  const draw = (aloud) => {
    const found = narrow(state);
    count.textContent = found.count;
    place.replaceChildren(found.node);
    if (aloud) say(found.count);
  };
  const change = () => {
    keep(view, options, state);
    clearTimeout(timer);
    timer = setTimeout(() => draw(true), WAIT);
  };
  const set = (name) => (event) => {
    state[name] = event.target.type === "number" ? Number(event.target.value) : event.target.value;
    change();
  };
  const toggle = (mark) => (event) => {
    state.marks = event.target.checked ? [...state.marks, mark] : state.marks.filter((each) => each !== mark);
    change();
  };
  const box = h("input", { type: "search", id: "search", value: state.q, autocomplete: "off", spellcheck: "false", placeholder: controls.hint, input: set("q") });
  const form = h(
    "form",
    { class: "controls", role: "search", submit: (event) => event.preventDefault() },
    h("div", { class: "field grow" }, h("label", { for: "search" }, "Search"), box),
    controls.fields?.(set, state),
    controls.marks ? h("fieldset", { class: "chips" }, h("legend", { class: "unseen" }, "Only"), controls.marks.map((mark) => h("label", { class: "chip" }, h("input", { type: "checkbox", checked: state.marks.includes(mark), change: toggle(mark) }), MARKS[mark]))) : null,
  );
  draw(false);
  return [h("div", { class: "title" }, h("h1", { tabindex: -1 }, title, count), controls.side?.(state)), lead ? h("p", { class: "lead" }, lead) : null, form, place];
}

// Keep in the address what was asked for, so that it can be handed on; no step back is made of it.
function keep(view, options, state) {
  const query = new URLSearchParams(options);
  const values = { q: state.q, marks: state.marks.join(","), ends: state.ends || "", down: state.down === "group" ? "group" : "", across: state.across === "set" ? "set" : "" };
  for (const [name, text] of Object.entries(values)) text ? query.set(name, text) : query.delete(name);
  history.replaceState(null, "", `#/${view}${query.size ? `?${query}` : ""}`);
}

function choice(id, label, value_, options, changed_) {
  return h("div", { class: "field" }, h("label", { for: id }, label), h("select", { id, change: changed_ }, options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value_) }, text))));
}

const asked = (state) => ({ text: state.q, marks: state.marks, days: state.ends });
const endings = (set, state) => choice("ends", "Ends within", state.ends, [[0, "any time"], ...DAYS.map((days) => [days, counted(days, "day", "days")])], set("ends"));

export function access(target, _key, options) {
  const plan = target.page.raw.source === "plan";
  const files = target.page.raw.source === "files";
  let last = new Int32Array(0);
  const everything = (state) => !state.q && !state.marks.length && !state.ends;
  return narrowed("access", options, plan ? "Changes of access" : "Access", null, {
    hint: "ada prod, or person:ada set:Admin account:prod group:ops entry:…",
    marks: Object.keys(marksFor(target)),
    fields: endings,
    side: (state) => h("button", { type: "button", id: "csv", click: () => save("access.csv", csv(target, last, everything(state))) }, "Save as CSV"),
  }, (state) => {
    last = search(target, asked(state));
    const all = target.totals(last);
    const node = table({ caption: "Who has which permission set on which account", columns: lineColumns(target), items: last, empty: everything(state) ? nothing(target, "at all") : "Nothing fits. Take a word or a mark away." });
    const what = `${plan ? counted(all.grants, "change", "changes") : grants(all.grants)} of ${people(all.person)}`;
    return { node, count: files ? `${what}, with accounts as the files select them` : `${what} on ${accounts(all.account)}` };
  });
}

export function whole(target, _key, options) {
  const files = target.page.raw.source === "files";
  const kinds = Object.fromEntries(["person", "group", "account", "set"].map((kind) => [kind, ranks(target[kind])]));
  const state = { down: options.get("down") === "group" ? "group" : "person", across: options.get("across") === "set" ? "set" : "account" };
  return narrowed("matrix", options, "Matrix", null, {
    hint: "ada prod, or person:ada set:Admin account:prod group:ops",
    marks: Object.keys(marksFor(target)).filter((mark) => mark !== "unknown"),
    state,
    fields: (set, current) => [
      choice("down", "Rows", current.down, [["person", "People"], ["group", "Groups"]], set("down")),
      choice("across", "Columns", current.across, [["account", "Accounts"], ["set", "Permission sets"]], set("across")),
    ],
  }, (current) => {
    const found = search(target, asked(current));
    const all = target.totals(found);
    const empty = h("p", { class: "empty" }, current.q || current.marks.length ? "Nothing fits. Take a word or a mark away." : nothing(target, "at all"));
    const legend = h("p", { class: "legend small" }, h("span", { class: "cell plain" }, "2"), ` ${current.across === "account" ? "permission sets" : "accounts"}`, h("span", { class: "cell red" }, "1P"), " privileged", marksFor(target).unmanaged ? [h("span", { class: "cell amber" }, "1N"), " not in git"] : null, h("span", { class: "cell plain ends" }, "1"), " underlined: ends");
    const note = current.down === "group" ? h("p", { class: "faint small" }, "A group has what its members reach through it. Groups through which nobody reaches anything are not here.") : null;
    return { node: found.length ? h("div", null, legend, matrix(target, found, current.down, current.across, kinds), note) : empty, count: `${people(all.person)}, ${current.across === "set" ? sets(all.set) : files ? counted(all.account, "account or selector", "accounts and selectors") : accounts(all.account)}` };
  });
}

const SINGULAR = {
  person: ["People", people],
  group: ["Groups", (count) => counted(count, "group", "groups")],
  account: ["Accounts", accounts],
  set: ["Permission sets", sets],
};

/** The view that lists all things of a kind. */
export function things(kind, view) {
  return (target, _key, options) => {
    const [title, count] = SINGULAR[kind];
    const rank = ranks(target[kind]);
    const totals = target[kind].map(() => null);
    const total = (thing) => (totals[thing.i] ??= target.totals(target.linesOf(thing)));
    const columns = columnsOf(kind, target, rank, total);
    return narrowed(view, options, title, null, { hint: "a name, an id, a mark" }, (state) => {
      const wanted = state.q.toLowerCase().split(/\s+/).filter(Boolean);
      const found = target[kind].filter((each) => wanted.every((word) => words(each).includes(word) || marksOf(target, each).some((mark) => mark.textContent.toLowerCase().includes(word))));
      const node = table({ caption: title, columns, items: found, sorted: { id: kind }, empty: target[kind].length ? "Nothing fits. Take a word away." : absent(target, title) });
      return { node, count: found.length === target[kind].length ? count(found.length) : `${number(found.length)} of ${count(target[kind].length)}` };
    });
  };
}

function absent(target, title) {
  return target.page.raw.source === "plan" ? "A plan file does not list them." : `${title}: none is known to this page.`;
}

function columnsOf(kind, target, rank, total) {
  const plan = target.page.raw.source === "plan";
  const figure = (id, label, of) => ({ id, label, numeric: true, cell: (thing) => number(of(thing)), key: (thing) => -of(thing) });
  const self = { id: kind, label: SINGULAR[kind][0].replace(/s$/, "").replace("People", "Person"), cell: (thing) => link(target, thing), key: (thing) => rank[thing.i] };
  const others = { person: ["account", "set"], group: ["account", "set"], account: ["person", "set"], set: ["person", "account"] }[kind];
  const labels = { person: "People", account: "Accounts", set: "Sets" };
  const size = (group) => (group.members < 0 ? -1 : target.lists[group.members].length);
  return [
    self,
    kind === "account" ? { id: "unit", label: "Unit", cell: (thing) => thing.unit ? value(thing.unit) : h("span", { class: "faint" }, "not read"), key: (thing) => thing.unit } : null,
    kind === "set" ? { id: "note", label: "Description", cell: (thing) => value(thing.note) } : null,
    kind === "group" ? { id: "members", label: "Members", numeric: true, cell: (thing) => (size(thing) < 0 ? h("span", { class: "faint" }, "not known") : number(size(thing))), key: (thing) => -size(thing) } : null,
    ...others.map((other) => figure(other, labels[other], (thing) => total(thing)[other])),
    figure("grants", plan ? "Changes" : "Grants", (thing) => total(thing).grants),
    figure("privileged", "Privileged", (thing) => total(thing).privileged),
    { id: "marks", label: "Marks", cell: (thing) => [...marksOf(target, thing), ...totalMarks(total(thing))] },
  ].filter(Boolean);
}

function totalMarks(total) {
  return [
    total.unmanaged > 0 && badge("amber", `${number(total.unmanaged)} not in git`),
    total.direct > 0 && badge("blue", `${number(total.direct)} direct`),
    total.ends > 0 && badge("violet", `${number(total.ends)} end`),
    total.over > 0 && badge("red", `${number(total.over)} over`, "Their time is over, and they are still there"),
  ].filter(Boolean);
}

/** Lines of drift, which say what they are about. */
export function drifted(target, entries) {
  const about = ([, , , person, group, set, account]) => {
    const ends = [["person", person], ["group", group], ["set", set], ["account", account]];
    return listed(ends.filter(([, i]) => i >= 0).map(([kind, i]) => link(target, target[kind][i], { plain: true })));
  };
  return table({
    caption: "What differs from git",
    columns: [
      { id: "what", label: "What differs", cell: ([, privileged, text]) => [privileged ? badge("red", "Privileged") : null, " ", value(text.replace(/ \(PRIVILEGED\)$|PRIVILEGED; /, ""))] },
      { id: "how", label: "How", cell: ([title]) => badge(title === "Not in git" ? "amber" : "grey", title), key: ([title]) => title },
      { id: "about", label: "Look at", cell: about },
    ],
    items: entries,
    empty: "Nothing differs.",
  });
}

export function drift(target) {
  const found = target.raw.drift;
  const head = (count) => h("div", { class: "title" }, h("h1", { tabindex: -1 }, "Drift", count ? h("span", { class: "count" }, count) : null));
  if (!found) return [head(), h("p", { class: "empty" }, "Not known: no service was compared with git. That does not mean that nothing differs.")];
  if (found.error) return [head("not known"), h("p", { class: "notice" }, "The target could not be compared: ", value(found.error))];
  const checked = found.checked ? `An apply compared the whole target last on ${when(found.checked)}.` : "No apply is known that compared the whole target.";
  return [head(counted(found.entries.length, "difference", "differences")), h("p", { class: "lead" }, value(found.verdict), " ", checked), drifted(target, found.entries)];
}

/** A table of changes of access. */
export function changesTable(target, rows, empty) {
  const several = (kind, numbers) => {
    const shown = listed(Array.from(numbers.slice(0, 8), (i) => link(target, target[kind][i], { plain: true })));
    return numbers.length > 8 ? [shown, ` and ${number(numbers.length - 8)} more`] : shown;
  };
  return table({
    caption: "What the plan does to access",
    columns: [
      { id: "change", label: "Change", cell: changed, key: turn },
      { id: "person", label: "People", cell: (row) => several("person", row.people) },
      { id: "set", label: "Permission set", cell: (row) => link(target, target.set[row.set], { plain: true }), key: (row) => called(target.set[row.set])[0] },
      { id: "account", label: "Accounts", cell: (row) => several("account", row.accounts) },
      { id: "through", label: "Through", cell: (row) => through(target, row) },
      { id: "marks", label: "Marks", cell: (row) => marks(row) },
    ],
    items: rows,
    empty,
  });
}

export function changes(target) {
  const rows = target.changes;
  const head = (count) => h("div", { class: "title" }, h("h1", { tabindex: -1 }, "Planned changes", h("span", { class: "count" }, count)));
  if (!rows) return [head("not known"), h("p", { class: "empty" }, "Nothing was planned for this page. That does not mean that nothing would change.")];
  return [head(counted(rows.length, "row", "rows")), changesTable(target, rows, "The plan changes nobody's access.")];
}

