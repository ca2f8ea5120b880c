// The data of the page as objects, and its grants as lines: person, permission set, account.

const PRIVILEGED = 1;
const UNKNOWN = 2;
export const DECLARED = 1;
export const PRESENT = 2;
export const ABSENT = 4;
export const ACTIVE = 8;
export const INACTIVE = 16;
export const EXTERNAL = 32;
export const SELECTOR = 64;
export const UNNAMED = 128;
// What happens to access, in the order in which changes are told.
export const DIRECTIONS = {
  lose: "loses",
  gain: "gains",
  alter: "has altered",
  longer: "keeps longer",
  shorter: "keeps less long",
};
export const KINDS = ["person", "group", "account", "set"];

/** All of the page. `tables` are those of its targets. */
export class Page {
  constructor(raw) {
    this.raw = raw;
    this.now = Date.parse(raw.now);
    this.targets = raw.targets.map((each) => new Target(each, this));
  }

  /** Where something is declared, as `people.yaml:12`; "" where nothing says so. */
  place(at) {
    return at ? `${this.raw.files[at[0]]}${at[1] ? `:${at[1]}` : ""}` : "";
  }
}

/** One target: its things, rows of grants, and the lines that those stand for. */
export class Target {
  constructor(raw, page) {
    Object.assign(this, { raw, page, name: raw.target });
    this.lists = raw.lists.map((each) => Int32Array.from(each));
    this.person = raw.people.map(([key, name, display, flags, at, until, reason, denied = null], i) => ({
      kind: "person", i, key, name, display, flags, at, until, reason, denied,
    }));
    this.group = raw.groups.map(([key, name, note, flags, at, members, lines, includes, idle], i) => ({
      kind: "group", i, key, name, note, flags, at, members, lines, includes, idle,
    }));
    this.set = raw.sets.map(([key, note, duration, flags, at, carries], i) => ({
      kind: "set", i, key, name: "", note, duration, flags, at, carries,
    }));
    this.account = raw.accounts.map(([key, name, unit, state, flags, at], i) => ({
      kind: "account", i, key, name, unit, state, flags, at,
    }));
    this.entry = raw.entries.map(([key, at, accounts, excepted, start, until, reason], i) => ({
      kind: "entry", i, key, name: "", at, accounts, excepted, start, until, reason,
    }));
    this.rows = raw.rows.map((each) => this.row(each));
    this.changes = raw.changes?.map((each) => this.row(each)) ?? null;
    this.lines = expanded(this.rows);
    this.known = Object.fromEntries(KINDS.map((kind) => [kind, keyed(this[kind])]));
    this.indexes = new Map();
  }

  row([set, people, accounts, groups, entries, marks, until, direction = "", start = 0, excepted = []]) {
    const through = this.lists[groups];
    const by = entries < 0 ? new Int32Array(0) : this.lists[entries];
    return {
      set, people: this.lists[people], accounts: this.lists[accounts], groups: through, entries: by, until,
      direction, start, excepted,
      privileged: (marks & PRIVILEGED) > 0,
      unknown: (marks & UNKNOWN) > 0,
      direct: through.includes(-1),
      over: Boolean(until) && !direction && Date.parse(until) <= this.page.now,
      unmanaged: by.includes(-1),
    };
  }

  /** The numbers of all lines. */
  get every() {
    return Int32Array.from({ length: this.lines.count }, (_, line) => line);
  }

  /** The thing of a kind that has this key; undefined where nothing has. */
  find(kind, key) {
    return this[kind][this.known[kind].get(key)];
  }

  /** The numbers of the lines of each thing of a kind, one after another: `items` from `starts[i]` on. */
  index(kind) {
    if (!this.indexes.has(kind)) this.indexes.set(kind, indexed(this, kind));
    return this.indexes.get(kind);
  }

  /** The lines of one thing, in order. */
  linesOf(thing) {
    const { starts, items } = this.index(thing.kind);
    return items.subarray(starts[thing.i], starts[thing.i + 1]);
  }

  /** What the lines of a thing come to. */
  totals(lines) {
    const seen = { person: new Set(), account: new Set(), set: new Set() };
    const found = { grants: lines.length, privileged: 0, direct: 0, unmanaged: 0, ends: 0, over: 0, unknown: 0 };
    for (const line of lines) {
      const row = this.rows[this.lines.row[line]];
      seen.person.add(this.lines.person[line]);
      seen.account.add(this.lines.account[line]);
      seen.set.add(row.set);
      for (const name of ["privileged", "direct", "unmanaged", "over", "unknown"]) found[name] += row[name];
      found.ends += row.until !== 0 && !row.over;
    }
    for (const kind of Object.keys(seen)) found[kind] = seen[kind].size;
    return found;
  }

  /** Whether something of the target was not read, so that nothing tells what is not there. */
  get partial() {
    return this.raw.gaps.length > 0;
  }
}

/** What a thing is called first, and what stands beside that. */
export function called(thing) {
  if (thing.kind === "account") return thing.name ? [thing.name, thing.key] : [thing.key, ""];
  if (thing.key.startsWith("~") && thing.name) return [thing.name, thing.key];
  const other = thing.kind === "person" ? thing.display || thing.name : thing.name;
  return [thing.key, other === thing.key ? "" : other];
}

/** The words by which a thing is looked for, in small letters. */
export function words(thing) {
  return [thing.key, thing.name, thing.display, thing.unit].filter(Boolean).join("\n").toLowerCase();
}

/** Numbers of things in the order of what they are called. */
export function ordered(things) {
  const names = things.map((each) => called(each)[0]);
  const order = things.map((_, i) => i);
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return order.sort((a, b) => compare(names[a], names[b]) || a - b);
}

/** By number its place in the order of names. */
export function ranks(things) {
  const found = new Int32Array(things.length);
  ordered(things).forEach((i, place) => (found[i] = place));
  return found;
}

function keyed(things) {
  return new Map(things.map((each) => [each.key, each.i]));
}

function expanded(rows) {
  const count = rows.reduce((sum, row) => sum + row.people.length * row.accounts.length, 0);
  const lines = { count, row: new Int32Array(count), person: new Int32Array(count), account: new Int32Array(count) };
  let at = 0;
  rows.forEach((row, i) => {
    for (const person of row.people) {
      for (const account of row.accounts) {
        lines.row[at] = i;
        lines.person[at] = person;
        lines.account[at++] = account;
      }
    }
  });
  return lines;
}

function indexed(target, kind) {
  const { lines, rows } = target;
  const starts = new Int32Array(target[kind].length + 1);
  const each = (line, visit) => {
    if (kind === "set") visit(rows[lines.row[line]].set);
    else if (kind !== "group") visit(lines[kind][line]);
    else for (const group of rows[lines.row[line]].groups) if (group >= 0) visit(group);
  };
  for (let line = 0; line < lines.count; line++) each(line, (i) => starts[i + 1]++);
  for (let i = 0; i < target[kind].length; i++) starts[i + 1] += starts[i];
  const items = new Int32Array(starts[target[kind].length]);
  const next = starts.slice();
  for (let line = 0; line < lines.count; line++) each(line, (i) => (items[next[i]++] = line));
  return { starts, items };
}
