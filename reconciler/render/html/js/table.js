// A real table, of which only the rows in view exist where there are many. One row is in the order of the
// keyboard at a time; arrow keys, Home, End, Page Up and Page Down move it.

import { framed, h, say } from "./dom.js";

// So many rows are all made, which lets the browser find text in them and print them.
const WHOLE = 150;
const HEIGHT = 54;
const HEAD = 38;
const BESIDE = 8;
// Browsers stop at some height of an element; a longer table moves by more than a row for a row's height.
const TALLEST = 8_000_000;
let tables = 0;

/**
 * A table of `items`, an array of anything. A column has an id, a label, `cell(item)`, and, where it can be
 * sorted by, `key(item)`: a number or a text.
 */
export function table({ caption, columns, items, empty, sorted = null }) {
  if (!items.length) return h("p", { class: "empty" }, empty);
  return new Table(caption, columns, items, sorted).node;
}

class Table {
  constructor(caption, columns, items, sorted) {
    Object.assign(this, { columns, items, active: 0, sorting: null, first: -1, last: -1 });
    this.whole = items.length <= WHOLE;
    const id = `table-${++tables}`;
    this.body = h("tbody", { keydown: (event) => this.pressed(event), focusin: (event) => this.focused(event) });
    this.heads = columns.map((column) => this.head(column));
    this.table = h(
      "table",
      { "aria-rowcount": items.length + 1, class: this.whole ? "whole" : "windowed" },
      h("caption", { id, class: "unseen" }, `${caption}. Arrow keys move between rows.`),
      h("thead", null, h("tr", { "aria-rowindex": 1 }, this.heads)),
      this.body,
    );
    const inside = this.whole ? this.table : (this.sizer = h("div", { class: "sizer" }, this.table));
    this.node = h("div", { class: this.whole ? "frame" : "frame scrolls", tabindex: 0, role: "region", "aria-labelledby": id, keydown: (event) => this.entered(event) }, inside);
    this.order = Int32Array.from(items, (_, i) => i);
    if (sorted) this.sort(columns.find((each) => each.id === sorted.id), sorted.down);
    if (this.whole) this.draw(0, items.length);
    else this.window();
  }

  head(column) {
    if (!column.key) return h("th", { scope: "col", class: kind(column) }, column.label);
    const press = () => {
      const down = this.sorting?.column === column ? !this.sorting.down : false;
      this.sort(column, down);
      this.node.scrollTop = 0;
      this.redraw();
      say(`Sorted by ${column.label}, ${down ? "descending" : "ascending"}`);
    };
    return h("th", { scope: "col", class: kind(column), "aria-sort": "none" }, h("button", { type: "button", class: "sort", click: press }, column.label));
  }

  sort(column, down) {
    this.sorting = { column, down };
    const keys = this.items.map ? Array.from(this.items, column.key) : [];
    const turn = down ? -1 : 1;
    const compare = typeof keys[0] === "string" ? new Intl.Collator("en", { numeric: true }).compare : (a, b) => a - b;
    this.order = Int32Array.from(this.items, (_, i) => i).sort((a, b) => turn * compare(keys[a], keys[b]) || a - b);
    this.heads.forEach((head, i) => {
      const own = this.columns[i] === column;
      if (head.hasAttribute("aria-sort")) head.setAttribute("aria-sort", own ? (down ? "descending" : "ascending") : "none");
    });
  }

  window() {
    const count = this.items.length;
    this.height = Math.min(count * HEIGHT, TALLEST);
    this.sizer.style.height = `${this.height + HEAD}px`;
    const moved = framed(() => this.redraw(true));
    this.node.addEventListener("scroll", moved, { passive: true });
    new ResizeObserver(moved).observe(this.node);
    this.draw(0, Math.min(count, 40));
  }

  /** The number of the row that is at the top. */
  top() {
    const room = Math.max(1, this.height + HEAD - this.node.clientHeight);
    const rows = this.items.length - Math.floor((this.node.clientHeight - HEAD) / HEIGHT);
    if (this.height === this.items.length * HEIGHT) return this.node.scrollTop / HEIGHT;
    return (Math.min(room, this.node.scrollTop) / room) * Math.max(0, rows);
  }

  redraw(quietly) {
    if (this.whole) return this.draw(0, this.items.length);
    const top = this.top();
    const first = Math.max(0, Math.floor(top) - BESIDE);
    const last = Math.min(this.items.length, Math.ceil(top + this.node.clientHeight / HEIGHT) + BESIDE);
    if (!quietly || first !== this.first || last !== this.last) this.draw(first, last);
    const shift = this.node.scrollTop - (top - first) * HEIGHT;
    this.table.style.top = `${Math.max(0, shift)}px`;
  }

  draw(first, last) {
    Object.assign(this, { first, last });
    const inside = this.body.contains(document.activeElement);
    const rows = [];
    for (let i = first; i < last; i++) rows.push(this.row(i));
    this.body.replaceChildren(...rows);
    this.mark(Math.min(Math.max(this.active, first), last - 1));
    if (inside) this.hold();
  }

  row(i) {
    const item = this.items[this.order[i]];
    return h(
      "tr",
      { "aria-rowindex": i + 2, "data-row": i },
      this.columns.map((column, at) => h(at ? "td" : "th", { scope: at ? null : "row", class: kind(column) }, column.cell(item))),
    );
  }

  /** Keep the focus where the row went out of view, and in the row where it is still there. */
  hold() {
    const row = this.find(this.active);
    (row?.querySelector("a") ?? this.node).focus({ preventScroll: true });
  }

  find(i) {
    return this.body.children[i - this.first];
  }

  /** The one row that the keyboard reaches by Tab. */
  mark(i) {
    for (const each of this.body.querySelectorAll("a")) each.tabIndex = -1;
    for (const each of this.find(i)?.querySelectorAll("a") ?? []) each.tabIndex = 0;
  }

  focused(event) {
    const row = event.target.closest("tr");
    if (!row) return;
    this.active = Number(row.dataset.row);
    this.mark(this.active);
  }

  entered(event) {
    if (event.target === this.node && ["ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp"].includes(event.key)) {
      event.preventDefault();
      this.move(event.key === "End" ? this.items.length - 1 : event.key === "Home" ? 0 : this.active);
    }
  }

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") return this.beside(event, event.key === "ArrowRight" ? 1 : -1);
    const page = Math.max(1, Math.floor(this.node.clientHeight / HEIGHT) - 2);
    const to = {
      ArrowDown: this.active + 1, ArrowUp: this.active - 1, Home: 0, End: this.items.length - 1,
      PageDown: this.active + page, PageUp: this.active - page,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(Math.min(this.items.length - 1, Math.max(0, to)));
  }

  /** To the next link of the same row. */
  beside(event, step) {
    const links = [...(this.find(this.active)?.querySelectorAll("a") ?? [])];
    const link = links[links.indexOf(document.activeElement) + step];
    if (!link) return;
    event.preventDefault();
    link.focus();
  }

  move(i) {
    const column = Math.max(0, [...(this.find(this.active)?.querySelectorAll("a") ?? [])].indexOf(document.activeElement));
    this.active = i;
    if (!this.whole) this.reveal(i);
    this.mark(i);
    const links = this.find(i).querySelectorAll("a");
    const link = links[Math.min(column, links.length - 1)];
    if (link) link.focus({ preventScroll: !this.whole });
  }

  reveal(i) {
    const rows = Math.floor((this.node.clientHeight - HEAD) / HEIGHT);
    const top = this.top();
    const wanted = i < top ? i : i >= top + rows ? i - rows + 1 : null;
    if (wanted !== null) {
      const exact = this.height === this.items.length * HEIGHT;
      const room = this.height + HEAD - this.node.clientHeight;
      this.node.scrollTop = exact ? wanted * HEIGHT : (wanted / Math.max(1, this.items.length - rows)) * room;
    }
    this.redraw(false);
    if (!this.find(i)) this.draw(Math.max(0, i - BESIDE), Math.min(this.items.length, i + 30));
  }
}

function kind(column) {
  return [`col-${column.id}`, column.numeric ? "numeric" : ""].filter(Boolean).join(" ");
}
