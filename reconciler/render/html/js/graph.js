// A picture of the ways from people to accounts, in layers. It says what the tables beside it say, and so is
// hidden from screen readers; it is drawn when it comes into view.

import { address, h, s, shortened } from "./dom.js";
import { SELECTOR, UNNAMED, called } from "./model.js";
import { among } from "./parts.js";

const LAYERS = ["person", "group", "set", "account"];
const TITLES = { person: "People", group: "Through", set: "Permission sets", account: "Accounts" };
// So many things of a layer are drawn, and the others counted; how wide a box is, how far apart layers are, and
// how many letters have room.
const WIDE = { most: 14, width: 208, gap: 72, letters: 26 };
const SLIM = { most: 8, width: 124, gap: 34, letters: 14 };
const [ROW, BOX] = [38, 28];
const size = () => (innerWidth < 700 ? SLIM : WIDE);
// Where there are more lines than this, they are drawn thin.
const MANY = 40;

/** The figure of some lines; `focus` is the thing that they are all of. */
export function graph(target, lines, focus) {
  const canvas = h("div", { class: "canvas" });
  const figure = h(
    "figure",
    { class: "graph" },
    canvas,
    h("figcaption", null, "The ways to access, as the table below has them. Thick lines are privileged."),
  );
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((each) => each.isIntersecting)) return;
    seen.disconnect();
    canvas.append(drawn(layered(target, lines, focus), target));
  }, { rootMargin: "200px" });
  seen.observe(figure);
  return figure;
}

/** Layers of nodes, and edges between them with whether any of them is privileged. */
function layered(target, lines, focus) {
  const counts = Object.fromEntries(LAYERS.map((each) => [each, new Map()]));
  const seen = (layer, key) => counts[layer].set(key, (counts[layer].get(key) ?? 0) + 1);
  for (const line of lines) {
    const row = target.rows[target.lines.row[line]];
    seen("person", target.lines.person[line]);
    for (const i of ways(row, focus)) seen("group", i);
    seen("set", row.set);
    seen("account", target.lines.account[line]);
  }
  const places = Object.fromEntries(LAYERS.map((each) => [each, placed(target, each, counts[each])]));
  const edges = new Map();
  const tie = (from, a, to, b, privileged) => {
    const [start, end] = [places[from].at.get(a), places[to].at.get(b)];
    const key = `${from}:${start}:${end}`;
    edges.set(key, { from, start, end, privileged: privileged || edges.get(key)?.privileged });
  };
  for (const line of lines) {
    const row = target.rows[target.lines.row[line]];
    for (const i of ways(row, focus)) {
      tie("person", target.lines.person[line], "group", i, row.privileged);
      tie("group", i, "set", row.set, row.privileged);
    }
    tie("set", row.set, "account", target.lines.account[line], row.privileged);
  }
  return { places, edges: [...edges.values()] };
}

function ways(row, focus) {
  return focus.kind === "group" ? [focus.i] : row.groups;
}

/** The nodes of a layer in order, and by number the place of each; those past the most share the last one. */
function placed(target, layer, counts) {
  const name = (i) => (i < 0 ? "directly" : called(target[layer][i])[0]);
  const { most } = size();
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
  const few = byCount.length <= most ? byCount : byCount.slice(0, most - 1);
  few.sort((a, b) => name(a).localeCompare(name(b), "en", { numeric: true }));
  const nodes = few.map((i) => ({ label: name(i), thing: i < 0 ? null : target[layer][i] }));
  const at = new Map(few.map((i, place) => [i, place]));
  const rest = byCount.length - few.length;
  if (rest) {
    nodes.push({ label: `and ${rest.toLocaleString("en")} more`, thing: null, rest: true });
    for (const i of byCount) if (!at.has(i)) at.set(i, few.length);
  }
  return { nodes, at };
}

function drawn({ places, edges }, target) {
  const { width: side, gap } = size();
  const rows = Math.max(...LAYERS.map((each) => places[each].nodes.length));
  const height = rows * ROW + 34;
  const width = LAYERS.length * side + (LAYERS.length - 1) * gap;
  const x = (layer) => LAYERS.indexOf(layer) * (side + gap);
  const y = (layer, place) => 34 + ((rows - places[layer].nodes.length) * ROW) / 2 + place * ROW;
  const next = (layer) => LAYERS[LAYERS.indexOf(layer) + 1];
  const paths = edges
    .sort((a, b) => Boolean(a.privileged) - Boolean(b.privileged))
    .map(({ from, start, end, privileged }) => {
      const [x1, y1] = [x(from) + side, y(from, start) + BOX / 2];
      const [x2, y2] = [x(next(from)), y(next(from), end) + BOX / 2];
      return s("path", { class: privileged ? "edge privileged" : "edge", d: `M${x1} ${y1}C${x1 + gap / 2} ${y1} ${x2 - gap / 2} ${y2} ${x2} ${y2}` });
    });
  const boxes = LAYERS.flatMap((layer) => [
    s("text", { class: "layer", x: x(layer), y: 14 }, TITLES[layer]),
    ...places[layer].nodes.map((node, place) => box(target, node, x(layer), y(layer, place))),
  ]);
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: edges.length > MANY ? "dense" : null, "aria-hidden": true, focusable: "false" }, paths, boxes);
}

function box(target, node, x, y) {
  const label = shortened(node.label, size().letters);
  const leads = node.thing && !(node.thing.flags & (SELECTOR | UNNAMED));
  const go = () => (location.hash = address(node.thing.kind, node.thing.key, among(target)));
  return s(
    "g",
    { class: `node ${node.thing?.kind ?? "other"}${leads ? " leads" : ""}`, click: leads ? go : null },
    s("title", null, node.label),
    s("rect", { x, y, width: size().width, height: BOX, rx: 6 }),
    s("text", { x: x + 10, y: y + BOX / 2 + 4 }, label),
  );
}
