/** What the model says in the journeys, and the files that it works on. The tools do what it says for real. */
import { FIXED } from "../../src/cli/demo-repository.ts";
import type { Script } from "../../src/cli/scripted-model.ts";

/** A repository whose only test fails until the script below has fixed it. */
export const FAILING_TEST = {
  "package.json": '{ "name": "api", "private": true, "type": "module" }\n',
  "README.md": "# api\n",
  "src/add.js": "export function add(a, b) {\n  return a - b;\n}\n",
  "test/add.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { add } from "../src/add.js";\n\ntest("adds", () => assert.equal(add(2, 3), 5));\n',
};

/** Finds the failing test, here or in the demo's repository, and fixes it. */
export const fixesTheTest: Script = {
  when: /test fails/,
  steps: [
    { says: "I run the tests first.", calls: [{ tool: "bash", with: { command: "node --test" } }] },
    { calls: [{ tool: "write", with: { path: "src/add.js", content: FIXED } }] },
    { calls: [{ tool: "bash", with: { command: "node --test" } }] },
    { says: "`add` subtracted. It adds now, and the test passes." },
  ],
};

/** Goes on in the same files: what it appends to must be there. */
export const writesTheReadme: Script = {
  when: /readme/i,
  steps: [
    {
      calls: [
        { tool: "bash", with: { command: "grep -q 'a + b' src/add.js && echo 'Adds, and is tested.' >> README.md" } },
      ],
    },
    { says: "The README says so now." },
  ],
};

/** Works until somebody stops it. */
export const takesForEver: Script = {
  when: /take your time/,
  steps: [
    { says: "This will take a while.", calls: [{ tool: "bash", with: { command: "sleep 600" } }] },
    { says: "Done after all." },
  ],
};

/** Cannot go on without people. */
export const asksPeople: Script = {
  when: /add a database/,
  steps: [
    {
      calls: [
        { tool: "ask", with: { question: "Which database?", options: ["Postgres", "SQLite"], default: "Postgres" } },
      ],
    },
    { says: "The database is there." },
  ],
};
