/** What leave is asked for is what is done then: by rules and by people, whatever else stands beside it in a tool's arguments. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentReport } from "../../../src/daemon/agents/agent.ts";
import { OpencodeAsking } from "../../../src/daemon/agents/opencode-asking.ts";
import { parseOpencodeEvent } from "../../../src/daemon/agents/opencode-protocol.ts";
import { LEAVE_EXTENSION } from "../../../src/daemon/agents/pi-leave.ts";
import { toolSubject } from "../../../src/daemon/agents/tool-title.ts";
import { decide } from "../../../src/daemon/permissions.ts";
import type { Permissions } from "../../../src/wire/routes.ts";

const CWD = "/work";
const SOURCES: Permissions = { rules: [{ tool: "edit", pattern: "src/*", decide: "allow" }], otherwise: "deny" };
const WORKFLOWS: Permissions = { rules: [{ tool: "edit", pattern: ".github/*", decide: "deny" }], otherwise: "allow" };

/** What opencode wants leave for, as it asks. */
function wished(properties: object) {
  const reports: AgentReport[] = [];
  const context = { report: (report: AgentReport) => void reports.push(report), asksLeave: true };
  const server = { call: () => Promise.resolve(null), events: () => {} };
  const event = parseOpencodeEvent({ type: "permission.asked", properties: { id: "per_1", ...properties } });
  assert.ok(event?.type === "permission.asked");
  new OpencodeAsking({ context, server }).leave(event.properties, false);
  const [report] = reports;
  assert.ok(report?.type === "asked" && report.permission);
  return report.permission;
}

const file = (name: string, movePath?: string) => ({
  filePath: `${CWD}/${name}`,
  relativePath: name,
  ...(movePath ? { movePath: `${CWD}/${movePath}` } : {}),
});
/** As opencode 1.18.33 puts a patch of several files. */
const patch = (...files: ReturnType<typeof file>[]) => {
  const patterns = files.map(({ filePath }) => filePath.slice(CWD.length + 1));
  return { permission: "edit", patterns, metadata: { filepath: patterns.join(", "), diff: "", files } };
};

for (const [what, asked] of [
  ["the second file of a patch", patch(file("src/a.ts"), file(".github/workflows/ci.yml"))],
  ["where a patch moves a file to", patch(file("src/a.ts", ".github/workflows/ci.yml"))],
  ["several patterns without any name", { permission: "edit", patterns: ["src/a.ts", ".github/x"], metadata: {} }],
] as const)
  test(`opencode: rules are about ${what} as well`, () => {
    const use = { ...wished(asked), cwd: CWD };
    assert.equal(decide(SOURCES, use).decide, "deny");
    assert.equal(decide(WORKFLOWS, use).decide, "deny");
  });

test("opencode: a patch of allowed files is allowed, and a command or an address is itself", () => {
  assert.equal(decide(SOURCES, { ...wished(patch(file("src/a.ts"), file("src/b.ts"))), cwd: CWD }).decide, "allow");
  const command = { permission: "bash", patterns: ["git status", "rm x"], metadata: { command: "git status; rm x" } };
  assert.deepEqual(wished(command), { tool: "bash", subject: "git status; rm x" });
  const fetched = { permission: "webfetch", patterns: ["https://a.test/"], metadata: { url: "https://a.test/" } };
  assert.deepEqual(wished(fetched), { tool: "webfetch", subject: "https://a.test/" });
});

for (const [tool, input, subject] of [
  ["Write", { file_path: "/work/.github/x", command: "src/a.ts", content: "" }, ".github/x"],
  ["Edit", { file_path: "/work/.github/x", path: "/work/src/a.ts" }, ".github/x\nsrc/a.ts"],
  ["WebFetch", { url: "https://evil.test", command: "https://good.test" }, "https://evil.test"],
  ["Bash", { command: "rm x", file_path: "/work/src/a.ts" }, "rm x"],
  ["Task", { prompt: "Look" }, '{"prompt":"Look"}'],
] as const)
  test(`claude: leave for ${tool} is about what it does: ${JSON.stringify(input)}`, () => {
    assert.equal(toolSubject(tool, input, CWD), subject);
  });

type Hook = (call: { toolName: string; input: unknown }, context: unknown) => Promise<unknown>;

/** What pi's extension of ours wants leave for. */
async function piWishes(toolName: string, input: unknown): Promise<unknown> {
  const { default: extension }: { default: (pi: unknown) => void } = await import(
    `data:text/javascript,${encodeURIComponent(LEAVE_EXTENSION)}`
  );
  const hooks: Hook[] = [];
  extension({ on: (_event: string, hook: Hook) => hooks.push(hook) });
  const carried: string[] = [];
  const ui = { input: (_title: string, placeholder: string) => Promise.resolve(void carried.push(placeholder)) };
  await hooks[0]?.({ toolName, input }, { ui });
  return JSON.parse(carried[0] ?? "null")?.leave;
}

for (const [tool, input, subject] of [
  ["write", { path: ".github/x", content: "", command: "src/a.ts" }, ".github/x"],
  ["bash", { command: "rm x", path: "src/a.ts" }, "rm x"],
  ["ls", { command: "src" }, '{"command":"src"}'],
  ["deploy", { url: "https://a.test" }, "https://a.test"],
] as const)
  test(`pi: leave for ${tool} is about what it does: ${JSON.stringify(input)}`, async () => {
    assert.deepEqual(await piWishes(tool, input), { tool, subject });
  });
