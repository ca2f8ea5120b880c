// Lines as CSV (RFC 4180), byte for byte as `reconciler access --csv` writes them: no cell is a formula.

const COLUMNS = [
  "target", "change", "person", "person_name", "permission_set", "account", "account_name", "through",
  "privileged", "until", "entries", "application",
];
const FORMULA = /^[=+\-@\t\r]/;
const QUOTED = /[",\r\n]/;

/** The lines with these numbers. Grants of applications are added where `everything` is asked for. */
export function csv(target, lines, everything) {
  const out = [COLUMNS];
  const { person, account, group, set, entry } = target;
  const names = (thing) => (thing.kind !== "account" && !thing.key.startsWith("~") ? "" : thing.name);
  for (const line of lines) {
    const row = target.rows[target.lines.row[line]];
    const [who, where] = [person[target.lines.person[line]], account[target.lines.account[line]]];
    out.push([
      target.name,
      row.direction,
      who.key,
      names(who),
      set[row.set].key,
      where.key,
      where.name,
      Array.from(row.groups, (i) => (i < 0 ? "directly" : group[i].key)).join("; "),
      row.privileged ? "yes" : "no",
      row.until || "",
      Array.from(row.entries, (i) => (i < 0 ? "not in git" : entry[i].key)).join("; "),
      "",
    ]);
  }
  for (const [application, people, through] of everything ? (target.raw.applications ?? []) : []) {
    for (const i of target.lists[people]) {
      const way = through < 0 ? "directly" : group[through].key;
      out.push([target.name, "", person[i].key, names(person[i]), "", "", "", way, "", "", "not in git", application]);
    }
  }
  return out.map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

function cell(text) {
  const shown = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

/** Hand a text to the person as a file; nothing leaves this machine. */
export function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // A browser reads the text after this call, and how long after it does not say.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

