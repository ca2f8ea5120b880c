// Which view is shown is what the fragment of the address says; nothing else is kept.

import { address, h, say, value } from "./dom.js";
import { access, changes, drift, things, whole } from "./lists.js";
import { Page } from "./model.js";
import { overview } from "./overview.js";
import { page, unknown } from "./pages.js";
import { among } from "./parts.js";

const VIEWS = {
  overview: ["Overview", overview],
  matrix: ["Matrix", whole],
  access: ["Access", access],
  people: ["People", things("person", "people")],
  groups: ["Groups", things("group", "groups")],
  accounts: ["Accounts", things("account", "accounts")],
  sets: ["Permission sets", things("set", "sets")],
  drift: ["Drift", drift],
  changes: ["Planned changes", changes],
  person: [null, page("person")],
  group: [null, page("group")],
  account: [null, page("account")],
  set: [null, page("set")],
};
const BELONGS = { person: "people", group: "groups", account: "accounts", set: "sets" };
const THEMES = { "light dark": "Automatic", light: "Light", dark: "Dark" };

const found = new Page(JSON.parse(document.getElementById("data").textContent));
const main = document.getElementById("main");
let before = null;

function asked() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [view, ...rest] = path.split("/");
  return { view: view || "overview", key: rest.length ? decoded(rest.join("/")) : null, options: new URLSearchParams(query ?? "") };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function show() {
  if (location.hash === "#main") return;
  const { view, key, options } = asked();
  const target = found.targets.find((each) => each.name === options.get("target")) ?? found.targets[0];
  if (!target) {
    main.replaceChildren(h("h1", { tabindex: -1 }, "Nothing to show"), h("p", { class: "lead" }, "No target that assigns access is configured."));
    return;
  }
  const known = Object.hasOwn(VIEWS, view) ? VIEWS[view] : null;
  const nodes = known ? known[1](target, key, options) : unknown("", view, target);
  main.replaceChildren(...nodes.flat(3).filter(Boolean));
  const title = main.querySelector("h1");
  const plain = [...title.childNodes].filter((each) => !each.classList?.contains("count")).map((each) => each.textContent).join("");
  document.title = `${plain} – Who has access`;
  navigation(BELONGS[view] ?? view, target);
  if (before !== null) {
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
    say(plain);
  }
  before = location.hash;
  document.documentElement.dataset.view = before;
}

function navigation(current, target) {
  const many = found.targets.length > 1;
  const plan = found.raw.source === "plan";
  const views = Object.entries(VIEWS).filter(([view, [label]]) => label && !(plan && ["drift", "changes", "groups"].includes(view)));
  const links = views.map(([view, [label]]) => h("li", null, h("a", { href: address(view, null, among(target)), "aria-current": view === current ? "page" : null }, view === "access" && plan ? "Changes" : label)));
  const choose = h("select", { id: "target", change: (event) => (location.hash = address("overview", null, { target: event.target.value })) }, found.targets.map((each) => h("option", { value: each.name, selected: each === target }, each.name)));
  document.getElementById("top").replaceChildren(
    h("div", { class: "bar" }, h("a", { class: "brand", href: address("overview", null, among(target)) }, "Who has access"), h("div", { class: "tools" }, many ? [h("label", { for: "target", class: "unseen" }, "Target"), choose] : value(target.name, { class: "faint" }), theme())),
    h("nav", { "aria-label": "Views" }, h("ul", null, links)),
  );
  document.querySelector('#top [aria-current]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function theme() {
  const root = document.documentElement;
  const now = root.style.colorScheme || "light dark";
  const press = (event) => (root.style.colorScheme = event.target.value);
  return [h("label", { for: "theme", class: "unseen" }, "Colours"), h("select", { id: "theme", change: press }, Object.entries(THEMES).map(([key, text]) => h("option", { value: key, selected: key === now }, text)))];
}

document.getElementById("end").append(
  h("p", null, "Made by reconciler report ", value(found.raw.tool), ". This page loads nothing, and shows what was known when it was made."),
);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
show();
// How long it took, in milliseconds, for those who measure it.
document.documentElement.dataset.ready = Math.round(performance.now());
