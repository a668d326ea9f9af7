/** What the daemon is handed to get at a repository, where the code in the sandbox is a stranger's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Session, Work } from "../../src/core/types.ts";
import { allowPush } from "../../src/engine/identity.ts";
import { credentialsFor, initFor } from "../../src/engine/send.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { accepted, onGitHub, ready, says, tell } from "../core/story.ts";

const PIN = "a".repeat(40);
const work: Work = { repository: { ...onGitHub, setup: "npm ci" }, branch: "threadbox/fix-s0001", own: true };
const onFork: Work = { ...work, fork: { number: 5, by: "mallory", sha: PIN } };
const deps = {
  forge: {
    credential: async (_: unknown, may = "write") => ({ origin: "https://github.com", username: "x", password: may }),
    identity: async () => ({ name: "bot", email: "bot@example.com" }),
  },
  settings: { agent: "pi", model: undefined, models: {} },
};
const passwords = async (asked: Work) => (await credentialsFor(deps, asked)).git?.map(({ password }) => password);

test("token theft: while a fork's code runs, there is none that can push", async () => {
  assert.deepEqual(await passwords(onFork), ["read"]);
  assert.deepEqual(await passwords(work), ["write"]);
});

test("one that can push is handed over when the work is committed and may be pushed, and not where it may not", async () => {
  const { session } = tell(says("m1", "fix it", {}, onGitHub), ready, accepted("m1"));
  const forked: Session = { ...session, work: onFork };
  const heard: string[] = [];
  const daemon = {
    ...daemonClient({ url: "http://127.0.0.1:1", token: async () => "" }),
    credentials: async ({ git }: { git?: { password: string }[] | undefined }) =>
      void heard.push(`${git?.[0]?.password}`),
    publish: async ({ allowed }: { allowed: boolean }) => {
      heard.push(allowed ? "allowed" : "refused");
      return { success: true, command: "publish", outcome: "heard" } as const;
    },
  };
  const parts = { ...deps, connect: () => daemon };
  await allowPush(parts, forked, { do: "allow-push", turn: "m1" });
  assert.deepEqual(heard.splice(0), ["write", "allowed"]);
  await allowPush(parts, forked, { do: "allow-push", turn: "m1", no: { code: "push.not-allowed", detail: "No." } });
  assert.deepEqual(heard.splice(0), ["refused"]);
  await allowPush(parts, session, { do: "allow-push", turn: "m1" });
  assert.deepEqual(heard, ["allowed"]);
});

test("the pin of a fork goes along with its number, that of a branch alone", async () => {
  const told = async (asked: Work, pin?: string) => {
    const [repo] = (await initFor(deps, { agent: null, model: null }, asked, pin)).workspace.repos;
    return [repo?.pin, repo?.pull];
  };
  assert.deepEqual(await told(onFork, PIN), [PIN, 5]);
  assert.deepEqual(await told(work, PIN), [PIN, undefined]);
  assert.deepEqual(await told(work), [undefined, undefined]);
});
