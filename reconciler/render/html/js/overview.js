// The first view: what this page knows and of when, numbers, and what deserves a look.

import { address, badge, counted, h, number, value, when } from "./dom.js";
import { ABSENT, INACTIVE, SELECTOR, UNNAMED } from "./model.js";
import { among, link, section } from "./parts.js";
import { marksFor } from "./query.js";

const SOURCES = {
  live: ["The service", "Read from the service itself."],
  sandbox: ["The sandbox", "Read from the embedded sandbox on this machine, not from AWS."],
  snapshot: ["A snapshot", "Read from a snapshot. What changed since then is not here."],
  plan: ["A saved plan", "This page shows only what the plan changes, and not the access that stays as it is."],
  files: ["The files", "This page shows only what the files give. No service was asked, so it does not show what exists there or what was given outside git. Accounts are shown as the files select them."],
};

const GRANT = {
  plan: "A change is one permission set of one person on one account.",
  files: "Here, a grant is one permission set of one person on one account that the files name, or on the accounts that one selector finds.",
};

export function overview(target) {
  const { raw } = target.page;
  return [
    h("h1", { tabindex: -1 }, raw.source === "plan" ? "What a plan changes" : "Who has access"),
    h("p", { class: "lead" }, SOURCES[raw.source][1]),
    cards(target),
    h("div", { class: "columns" }, known(target), look(target)),
    findings(target),
  ];
}

function cards(target) {
  const { raw } = target.page;
  const all = target.totals(target.every);
  const plan = raw.source === "plan";
  const named = (kind) => target[kind].filter((each) => !(each.flags & (SELECTOR | UNNAMED))).length;
  const go = (view, options) => address(view, null, { ...options, ...among(target) });
  const many = [
    ["People", plan ? all.person : named("person"), "people", null],
    ["Groups", plan ? null : named("group"), "groups", null],
    [raw.source === "files" ? "Accounts named" : "Accounts", plan ? all.account : named("account"), "accounts", null],
    ["Permission sets", plan ? all.set : named("set"), "sets", null],
    [plan ? "Changes" : "Grants", all.grants, "access", null],
  ];
  const marked = Object.entries(marksFor(target))
    .map(([mark, label]) => [label, all[mark], "access", { marks: mark }])
    .filter(([label, count]) => label !== "Content unknown" || count);
  const card = ([label, count, view, options]) =>
    count === null ? null : h("li", null, h("a", { class: `card${options && count ? " marked" : ""}`, href: go(view, options) }, h("strong", null, number(count)), h("span", null, label)));
  return h(
    "div",
    { class: "cards" },
    h("ul", { "aria-label": "What there is" }, many.map(card)),
    h("ul", { "aria-label": `${plan ? "Changes" : "Grants"} that deserve a look` }, marked.map(card)),
    h("p", { class: "faint small" }, GRANT[raw.source] ?? "A grant is one permission set of one person on one account."),
  );
}

function known(target) {
  const { raw } = target.page;
  const read = raw.source !== "files";
  const facts = [
    ["Made from", [SOURCES[raw.source][0], raw.origin && [", ", value(raw.origin)]]],
    [raw.source === "plan" ? "Planned" : "Read", read ? when(target.raw.read) : "nothing was read"],
    ["Made", when(raw.now)],
    raw.source === "plan" ? null : ["Shows", raw.source === "files" ? "what holds, and what will begin" : raw.desired ? "what will be when the plan is applied" : "what is there now"],
    raw.source === "plan" ? null : ["Files", raw.commit ? [h("code", null, raw.commit.slice(0, 10)), raw.changed.length ? `, with ${counted(raw.changed.length, "file", "files")} that differ from it` : ""] : "outside git, or not committed yet"],
    raw.redacted ? ["Left out", "names and values of people"] : null,
    ["Version", value(raw.tool)],
  ].filter(Boolean);
  const gaps = target.raw.gaps.map(([kind, scope, reason]) => h("li", null, badge("amber", "Not read"), " ", kind === "membership" ? "members" : "assignments", " ", scope === "*" ? "" : value(scope), ": ", value(reason)));
  const unread = target.raw.unread.map((each) => h("li", null, badge("amber", "Not read"), " ", value(each)));
  return section(
    "known",
    "What this page knows",
    null,
    h("dl", { class: "facts" }, facts.map(([term, text]) => h("div", null, h("dt", null, term), h("dd", null, text)))),
    gaps.length + unread.length ? h("ul", { class: "plain" }, gaps, unread) : null,
    h("p", { class: "faint small" }, "Not part of it: ", raw.not_read.join(", "), "."),
  );
}

function look(target) {
  const { drift, changes } = target.raw;
  const items = [];
  const href = (view, options) => address(view, null, { ...options, ...among(target) });
  if (drift) items.push(h("li", null, h("a", { href: href("drift") }, "Drift"), ": ", value(drift.error ? `not known: ${drift.error}` : drift.verdict)));
  else items.push(h("li", null, "Drift: not known here, because no service was compared."));
  if (changes && target.page.raw.source !== "plan") {
    items.push(h("li", null, h("a", { href: href("changes") }, "Planned changes of access"), `: ${changes.length ? counted(changes.length, "row", "rows") : "none"}`));
  }
  const disabled = target.person.filter((each) => each.flags & INACTIVE && !(each.flags & ABSENT)).length;
  const { source } = target.page.raw;
  const many = (number) => counted(number, "person", "people");
  if (disabled && source === "files") items.push(h("li", null, `Git gives ${many(disabled)} nothing at this moment.`));
  else if (disabled && source !== "plan") items.push(h("li", null, `${many(disabled)} cannot sign in, and so reach nothing.`));
  const denied = target.person.filter((each) => each.denied !== null).length;
  if (denied) items.push(h("li", null, `The policy of denials has ${many(denied)}: what they hold gives them nothing on the accounts that it binds.`));
  const things = target.page.raw.source === "plan" ? "changes" : "grants";
  for (const [label, privileged] of [[`Most ${things}`, false], [`Most privileged ${things}`, true]]) {
    const found = most(target, "person", privileged);
    if (found) items.push(h("li", null, `${label}: `, link(target, found.thing, { plain: true }), ` (${number(found.count)})`));
  }
  return section("look", "Worth a look", null, h("ul", { class: "plain" }, items));
}

function most(target, kind, privileged = false) {
  const counts = new Int32Array(target[kind].length);
  for (let line = 0; line < target.lines.count; line++) {
    if (!privileged || target.rows[target.lines.row[line]].privileged) counts[target.lines[kind][line]]++;
  }
  const top = counts.reduce((best, count, i) => (count > counts[best] ? i : best), 0);
  return counts[top] ? { thing: target[kind][top], count: counts[top] } : null;
}

function findings(target) {
  const { page } = target;
  const own = page.raw.findings.filter(([name]) => !name || name === target.name);
  if (!own.length) return null;
  const tones = { refusal: ["red", "Refusal"], warning: ["amber", "Warning"], note: ["grey", "Note"] };
  const order = Object.keys(tones);
  const item = ([, severity, code, message, fix, at, details]) =>
    h(
      "li",
      null,
      h("p", null, badge(...tones[severity]), " ", h("code", null, value(code)), " ", at && value(page.place(at), { class: "place" })),
      h("p", null, value(message)),
      details.length ? h("ul", null, details.slice(0, 20).map((each) => h("li", null, value(each))), details.length > 20 && h("li", null, `and ${number(details.length - 20)} more`)) : null,
      fix ? h("p", { class: "faint" }, value(fix)) : null,
    );
  const sorted = own.toSorted((a, b) => order.indexOf(a[1]) - order.indexOf(b[1]));
  return section("findings", "Findings", number(own.length), h("ul", { class: "findings" }, sorted.map(item)));
}

