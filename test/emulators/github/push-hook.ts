/**
 * Runs inside `git receive-pack` as its proc-receive hook, because only that hook may refuse a branch in its own words:
 * pushers read "protected branch hook declined", not git's "hook declined". What it lets through, git goes on with by itself.
 * Speaks pkt-lines on stdin and stdout, as gitprotocol and githooks(5) describe.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readSync, writeSync } from "node:fs";
import type { PushPolicy } from "./git-http.ts";

const ZERO_SHA = "0".repeat(40);
const policy: PushPolicy = JSON.parse(readFileSync("push-policy.json", "utf8"));

readPackets();
send("version=1\n");
flush();
const commands = readPackets();
for (const line of commands) {
  const [before = "", after = "", ref = ""] = line.trimEnd().split(" ");
  const refusal = refuse(before, after, ref);
  if (refusal === null) send(`ok ${ref}\n`, "option fall-through\n");
  else send(`ng ${ref} ${refusal}\n`);
}
flush();

function refuse(before: string, after: string, ref: string): string | null {
  const branch = ref.replace("refs/heads/", "");
  if (after === ZERO_SHA && branch === policy.defaultBranch) return `refusing to delete the current branch: ${ref}`;
  if (policy.protectedBranches.includes(branch)) {
    const why =
      after === ZERO_SHA ? "Cannot delete this protected branch" : "Changes must be made through a pull request.";
    writeSync(2, `error: GH006: Protected branch update failed for ${ref}.\nerror: ${why}\n`);
    return "protected branch hook declined";
  }
  if (policy.workflows === "allowed" || after === ZERO_SHA) return null;
  const workflow = changedWorkflow(before === ZERO_SHA ? policy.defaultBranch : before, after);
  if (workflow === null) return null;
  const [who, what] =
    policy.workflows === "refused to app"
      ? ["a GitHub App", "`workflows` permission"]
      : ["a Personal Access Token", "`workflow` scope"];
  return `refusing to allow ${who} to create or update workflow \`${workflow}\` without ${what}`;
}

function changedWorkflow(from: string, to: string): string | null {
  const base = hasCommit(from) ? `${from}...${to}` : to;
  const args = hasCommit(from) ? ["diff", "--name-only", base] : ["ls-tree", "-r", "--name-only", base];
  const out = execFileSync("git", [...args, "--", ".github/workflows"], { encoding: "utf8" });
  return out.split("\n").find((path) => path && !isOnAnotherBranch(to, path)) ?? null;
}

/** The same file, path and contents, may come from another branch: a merge of the base changes no workflow. */
function isOnAnotherBranch(to: string, path: string): boolean {
  const blobAt = (commit: string) =>
    execFileSync("git", ["ls-tree", commit, "--", path], { encoding: "utf8" }).split("\t")[0] ?? "";
  const branches = execFileSync("git", ["for-each-ref", "--format=%(objectname)", "refs/heads/"], { encoding: "utf8" });
  const ours = blobAt(to);
  return branches.split("\n").some((tip) => tip && ours !== "" && blobAt(tip) === ours);
}

function hasCommit(name: string): boolean {
  try {
    execFileSync("git", ["rev-parse", "--verify", "--quiet", `${name}^{commit}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Packets up to the next flush. */
function readPackets(): string[] {
  const packets: string[] = [];
  for (;;) {
    const length = Number.parseInt(readExactly(4).toString("ascii"), 16);
    if (length === 0) return packets;
    packets.push(readExactly(length - 4).toString("utf8"));
  }
}

function readExactly(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  let at = 0;
  while (at < bytes) {
    const read = readSync(0, buffer, at, bytes - at, null);
    if (read === 0) throw new Error("git closed the pipe in the middle of a packet");
    at += read;
  }
  return buffer;
}

function send(...lines: string[]): void {
  for (const line of lines) writeSync(1, `${(Buffer.byteLength(line) + 4).toString(16).padStart(4, "0")}${line}`);
}

function flush(): void {
  writeSync(1, "0000");
}
