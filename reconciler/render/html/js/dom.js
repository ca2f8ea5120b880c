// Makes elements. Every value becomes text, never markup; the only addresses are fragments of this page.

const SVG = "http://www.w3.org/2000/svg";
const FRAGMENT = /^#/;
// So many letters at the end of a name are always shown. A mark belongs to the letter before it.
const TAIL = 10;
const MARK = /\p{M}/u;

/** An HTML element. Names in `attributes` that are functions are listeners; null and false are left out. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element, made alike. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "href" && !FRAGMENT.test(value)) throw new Error("an address is a fragment of this page");
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(4).filter((each) => each !== null && each !== undefined && each !== false));
  return node;
}

/** A value of somebody else's, kept apart from the direction and the words around it. */
export function value(text, attributes) {
  return h("bdi", attributes, text);
}

/** The same of a name: where there is no room for all of it, its middle gives way. */
export function named(text) {
  const letters = [...text];
  let cut = letters.length - TAIL;
  if (cut < TAIL) return value(text);
  while (cut > 1 && MARK.test(letters[cut])) cut--;
  return h("bdi", { class: "name" }, h("span", { class: "head" }, letters.slice(0, cut).join("")), h("span", { class: "tail" }, letters.slice(cut).join("")));
}

/** At most `most` letters of a name: its middle gives way. */
export function shortened(text, most) {
  const letters = [...text];
  if (letters.length <= most) return text;
  const end = Math.min(TAIL, most >> 1);
  return `${letters.slice(0, most - end - 1).join("")}…${letters.slice(-end).join("")}`;
}

export const number = (count) => count.toLocaleString("en");

/** `1 person`, `2 people`. */
export function counted(count, one, many) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** An instant of the data as people read it. */
export function when(moment) {
  return moment ? `${moment.slice(0, 10)} ${moment.slice(11, 16)} UTC` : "";
}

/** A word that marks something: its colour never says more than its text. */
export function badge(tone, text, title) {
  return h("span", { class: `badge ${tone}`, title }, text);
}

/** The address of a view, with what it is narrowed to. */
export function address(view, key, options) {
  const query = new URLSearchParams();
  for (const [name, text] of Object.entries(options ?? {})) if (text) query.set(name, text);
  const tail = query.size ? `?${query}` : "";
  return `#/${view}${key === undefined || key === null ? "" : `/${encodeURIComponent(key)}`}${tail}`;
}

/** Let a screen reader say something; the same words are said again where they are asked for again. */
export function say(text) {
  const region = document.getElementById("said");
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/** A listener that runs once in a frame, however often it is called. */
export function framed(work) {
  let asked = 0;
  return () => {
    if (asked) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      work();
    });
  };
}
