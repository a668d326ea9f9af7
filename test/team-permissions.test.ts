/** `permissions:` and the silence limits of threadbox.yml, from what somebody wrote to what an agent is sent to work with. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ThreadboxError } from "../src/errors.ts";
import { readTeamSettings } from "../src/repositories.ts";
import { agentGuard } from "../src/team-permissions.ts";
import { Permissions } from "../src/wire/routes.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-permissions-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function settingsOf(yaml: string) {
  const path = join(folder, "threadbox.yml");
  writeFileSync(path, yaml);
  return readTeamSettings(path);
}
const rulesFor = (yaml: string, name: string) => agentGuard(settingsOf(yaml)).permissions({ name });
function problem(yaml: string): string {
  try {
    settingsOf(yaml);
  } catch (thrown) {
    return thrown instanceof ThreadboxError ? thrown.detail : String(thrown);
  }
  return "";
}

test("without a word agents may do everything, and be silent for ten minutes, or thirty in a tool", () => {
  assert.equal(rulesFor("", "acme/api"), undefined);
  assert.deepEqual(agentGuard(settingsOf("")).silence, { modelMs: 600_000, toolMs: 1_800_000 });
  const limits = "limits: { silentMinutes: 0.5, silentToolMinutes: 120 }";
  assert.deepEqual(agentGuard(settingsOf(limits)).silence, { modelMs: 30_000, toolMs: 7_200_000 });
});

const BOTH = `
repositories:
  - name: acme/api
    permissions:
      rules: [{ decide: allow, tool: run, pattern: git push --force* }]
  - name: acme/web
    permissions: { otherwise: deny }
permissions:
  rules: [{ decide: deny, tool: run, pattern: git push* }]
  otherwise: ask
`;
for (const [name, expected] of [
  ["acme/other", { rules: [{ decide: "deny", tool: "run", pattern: "git push*" }], otherwise: "ask" }],
  [
    "acme/api",
    {
      rules: [
        { decide: "allow", tool: "run", pattern: "git push --force*" },
        { decide: "deny", tool: "run", pattern: "git push*" },
      ],
      otherwise: "ask",
    },
  ],
  ["acme/web", { rules: [{ decide: "deny", tool: "run", pattern: "git push*" }], otherwise: "deny" }],
] as const)
  test(`the rules of ${name}: its own first, then those of all`, () => {
    const rules = rulesFor(BOTH, name);
    assert.deepEqual(rules, expected);
    assert.ok(Permissions.safeParse(rules).success);
  });

for (const [rule, says] of [
  ["{ tool: run }", /permissions\.rules\.0\.decide: has to be ask, allow or deny/],
  ["{ decide: never }", /permissions\.rules\.0\.decide: has to be ask, allow or deny/],
  ["{ decide: deny, tool: commands }", /rules\.0\.tool: is no tool; run \(commands\), edit \(files\)/],
  ["{ decide: deny, tool: rm -rf }", /rules\.0\.tool: has to be run \(commands\).* or an agent's own name/],
  ["{ decide: deny, pattern: ^git.* }", /rules\.0\.pattern: is no regular expression: \* is anything/],
  ["{ decide: deny, pattern: 'rm ' }", /rules\.0\.pattern: begins or ends with a blank/],
  ["{ decide: allow, tool: run, pattern: npm ci && npm * }", /rules\.0\.pattern: allows nothing: no \* allows a line/],
  ["{ decide: deny, pattern: *.env }", /is not YAML: .*What begins with \* has to stand in quotes/],
  ["{ decide: deny, command: rm }", /rules\.0: nothing is called command here/],
  ["{ decide: ask }, { decide: deny, tool: run }", /rules\.1: is never reached: rule 1 fits everything/],
] as const)
  test(`what cannot be meant is said: ${rule}`, () => assert.match(problem(`permissions: { rules: [${rule}] }`), says));

test("what is meant as it stands is taken: a line word for word, an address with &, a rule for the rest", () => {
  const yaml = `
permissions:
  rules:
    - { decide: allow, tool: run, pattern: npm ci && npm test }
    - { decide: deny, tool: run, pattern: curl * | sh* }
    - { decide: allow, tool: fetch, pattern: https://x.example/?a=1&b=* }
    - { decide: deny, tool: mcp__linear__* }
    - { decide: ask }
`;
  assert.equal(problem(yaml), "");
});
