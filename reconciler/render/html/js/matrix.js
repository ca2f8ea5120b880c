// Who reaches what, as a matrix: people or groups by accounts or permission sets. Only what is in view exists.

import { address, framed, h, named, shortened, value } from "./dom.js";
import { UNNAMED, called } from "./model.js";
import { among, marks } from "./parts.js";
import { exactly } from "./query.js";

const [ROW, COLUMN, HEAD, SIDE, SLIM] = [34, 38, 164, 220, 132];
const BESIDE = 6;
// So many letters of a column's name have room.
const LETTERS = 20;
// So many cells are all made.
const WHOLE = 3000;
let matrices = 0;

/**
 * The matrix of some lines. `down` is "person" or "group", `across` "account" or "set"; `rank` has by kind
 * the places of things in the order of names.
 */
export function matrix(target, lines, down, across, rank) {
  return new Matrix(target, lines, down, across, rank).node;
}

class Matrix {
  constructor(target, lines, down, across, rank) {
    Object.assign(this, { target, down, across, active: [0, 0] });
    this.cells = gathered(target, lines, down, across);
    const columns = new Set();
    for (const row of this.cells.values()) for (const i of row.keys()) columns.add(i);
    this.rows = [...this.cells.keys()].sort((a, b) => rank[down][a] - rank[down][b]);
    this.columns = [...columns].sort((a, b) => rank[across][a] - rank[across][b]);
    this.whole = this.rows.length * this.columns.length <= WHOLE;
    const id = `matrix-${++matrices}`;
    this.head = h("thead");
    this.body = h("tbody");
    this.table = h(
      "table",
      { class: "matrix", "aria-rowcount": this.rows.length + 1, "aria-colcount": this.columns.length + 1, keydown: (event) => this.pressed(event), focusin: (event) => this.focused(event) },
      h("caption", { id, class: "unseen" }, "Who reaches what. A number counts permission sets or accounts. Arrow keys move between cells."),
      this.head,
      this.body,
    );
    this.sizer = h("div", { class: "sizer" }, this.table);
    this.node = h("div", { class: "frame scrolls matrix-frame", tabindex: 0, role: "region", "aria-labelledby": id, keydown: (event) => this.entered(event) }, this.sizer);
    this.node.addEventListener("scroll", framed(() => this.redraw()), { passive: true });
    this.watch = new ResizeObserver(framed(() => this.redraw()));
    this.watch.observe(this.node);
    this.redraw();
  }

  redraw() {
    const side = innerWidth < 600 ? SLIM : SIDE;
    this.sizer.style.height = `${HEAD + this.rows.length * ROW}px`;
    this.sizer.style.width = `${side + this.columns.length * COLUMN}px`;
    this.table.style.setProperty("--side", `${side}px`);
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.node;
    const part = (start, room, size, count) =>
      this.whole ? [0, count] : [Math.max(0, Math.floor(start / size) - BESIDE), Math.min(count, Math.ceil((start + room) / size) + BESIDE)];
    const [top, bottom] = part(scrollTop, clientHeight || 800, ROW, this.rows.length);
    const [left, right] = part(scrollLeft, clientWidth || 1200, COLUMN, this.columns.length);
    const part_ = `${top} ${bottom} ${left} ${right}`;
    if (part_ === this.part) return;
    Object.assign(this, { part: part_, first: [top, left] });
    const inside = this.table.contains(document.activeElement);
    const across = this.columns.slice(left, right);
    this.head.replaceChildren(h("tr", { "aria-rowindex": 1 }, h("td", { class: "corner", "aria-colindex": 1 }), across.map((i, at) => this.top(i, left + at))));
    this.body.replaceChildren(...this.rows.slice(top, bottom).map((i, at) => this.row(i, top + at, across, left)));
    this.table.style.top = `${top * ROW}px`;
    this.table.style.left = `${left * COLUMN}px`;
    this.mark();
    if (inside) (this.find(...this.active) ?? this.node).focus({ preventScroll: true });
  }

  top(i, at) {
    const [name] = called(this.target[this.across][i]);
    return h("th", { scope: "col", class: "column", "aria-colindex": at + 2, title: name }, h("span", null, value(shortened(name, LETTERS))));
  }

  row(i, at, across, left) {
    const thing = this.target[this.down][i];
    const [name] = called(thing);
    const found = this.cells.get(i);
    return h(
      "tr",
      { "aria-rowindex": at + 2 },
      h("th", { scope: "row", class: "side", "aria-colindex": 1 }, h("a", { href: this.lead(thing), tabindex: -1, "data-at": `${at} -1`, title: name }, named(name))),
      across.map((column, place) => this.cell(thing, column, found.get(column), at, left + place)),
    );
  }

  /** Where a name at the side leads: to its view, or to its grants where it is nobody in particular. */
  lead(thing) {
    if (thing.flags & UNNAMED) return address("access", null, { q: exactly(thing.kind, thing.key), ...among(this.target) });
    return address(thing.kind, thing.key, among(this.target));
  }

  cell(thing, column, found, at, place) {
    if (!found) return h("td", { "aria-colindex": place + 2 });
    const other = this.target[this.across][column];
    const counted = this.across === "account" ? found.sets : found.accounts;
    const kinds = this.target[this.across === "account" ? "set" : "account"];
    const names = [...counted].slice(0, 5).map((i) => called(kinds[i])[0]);
    if (counted.size > 5) names.push(`${counted.size - 5} more`);
    const told = marks(found).map((each) => each.textContent.toLowerCase());
    const label = `${called(thing)[0]}, ${called(other)[0]}: ${names.join(", ")}${told.length ? ` (${told.join(", ")})` : ""}`;
    const text = `${exactly(thing.kind, thing.key)} ${exactly(other.kind, other.key)}`;
    const sign = found.privileged ? "P" : found.unmanaged ? "N" : "";
    return h(
      "td",
      { "aria-colindex": place + 2 },
      h(
        "a",
        { href: address("access", null, { q: text, ...among(this.target) }), tabindex: -1, "data-at": `${at} ${place}`, title: label, class: `cell ${found.privileged ? "red" : found.unmanaged ? "amber" : "plain"}${found.until ? " ends" : ""}` },
        `${counted.size}${sign}`,
        h("span", { class: "unseen" }, ` ${label}`),
      ),
    );
  }

  find(row, column) {
    return this.body.querySelector(`a[data-at="${Number(row)} ${Number(column)}"]`);
  }

  mark() {
    for (const each of this.body.querySelectorAll('a[tabindex="0"]')) each.tabIndex = -1;
    const link = this.find(...this.active) ?? this.body.querySelector("a");
    if (link) link.tabIndex = 0;
  }

  focused(event) {
    const at = event.target.dataset?.at;
    if (!at) return;
    this.active = at.split(" ").map(Number);
    this.mark();
  }

  entered(event) {
    if (event.target === this.node && event.key.startsWith("Arrow")) {
      event.preventDefault();
      (this.find(...this.active) ?? this.body.querySelector("a"))?.focus();
    }
  }

  /** To the next cell in a direction that has something; the names at the side count. */
  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    let [row, column] = this.active;
    const has = () => column < 0 || this.cells.get(this.rows[row]).has(this.columns[column]);
    if (event.key === "ArrowDown" && row + 1 < this.rows.length) row++;
    else if (event.key === "ArrowUp" && row > 0) row--;
    else if (event.key === "Home") column = -1;
    else if (event.key === "ArrowRight" || event.key === "End") {
      const start = column;
      if (event.key === "End") column = this.columns.length;
      const step = event.key === "End" ? -1 : 1;
      do column += step; while (column < this.columns.length && column >= 0 && !has());
      if (column >= this.columns.length) column = start;
    } else if (event.key === "ArrowLeft") {
      do column--; while (column >= 0 && !has());
      column = Math.max(-1, column);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (!has()) column = nearest(this.cells.get(this.rows[row]), this.columns, column);
    this.go(row, column);
  }

  go(row, column) {
    this.active = [row, column];
    const side = innerWidth < 600 ? SLIM : SIDE;
    const into = (start, room, at, size) => (at < start ? at : at + size > start + room ? at + size - room : start);
    this.node.scrollTop = into(this.node.scrollTop, this.node.clientHeight - HEAD - 14, row * ROW, ROW);
    if (column >= 0) this.node.scrollLeft = into(this.node.scrollLeft, this.node.clientWidth - side - 14, column * COLUMN, COLUMN);
    this.redraw();
    this.mark();
    this.find(row, column)?.focus({ preventScroll: true });
  }
}

// The cell of a row that is nearest to a column, or its name.
function nearest(row, columns, column) {
  for (let away = 0; away < columns.length; away++) {
    for (const at of [column - away, column + away]) if (at >= 0 && at < columns.length && row.has(columns[at])) return at;
  }
  return -1;
}

/** By row and column what meets there: sets, accounts, and marks. */
function gathered(target, lines, down, across) {
  const cells = new Map();
  const note = (row, column, line, grant) => {
    if (!cells.has(row)) cells.set(row, new Map());
    const found = cells.get(row);
    if (!found.has(column)) found.set(column, { sets: new Set(), accounts: new Set() });
    const cell = found.get(column);
    cell.sets.add(grant.set);
    cell.accounts.add(target.lines.account[line]);
    for (const mark of ["privileged", "unmanaged", "direct", "unknown", "until"]) cell[mark] ||= grant[mark];
  };
  for (const line of lines) {
    const grant = target.rows[target.lines.row[line]];
    const column = across === "account" ? target.lines.account[line] : grant.set;
    if (down === "person") note(target.lines.person[line], column, line, grant);
    else for (const group of grant.groups) if (group >= 0) note(group, column, line, grant);
  }
  return cells;
}
