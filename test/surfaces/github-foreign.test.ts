/**
 * Surface and forge against an emulator of GitHub that others wrote, unchanged: what ours and theirs agree on is less likely to be our own
 * idea. What theirs does not know stands in a table, and the test says so when that changes.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createEmulator, type Emulator } from "emulate";
import { Octokit } from "octokit";
import { findMention } from "../../handlers/github/mention.ts";
import { systemClock } from "../../src/clock.ts";
import { newProgress } from "../../src/core/condense.ts";
import type { Answer, Mention, Person, Repository, Thread } from "../../src/core/types.ts";
import type { Forge } from "../../src/surfaces/forge.ts";
import { githubSurface } from "../../src/surfaces/github.ts";
import { type GitHubAccess, githubAccess } from "../../src/surfaces/github-access.ts";
import { githubForge } from "../../src/surfaces/github-forge.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { SILENT } from "../emulators/github/stage.ts";
import { quiet } from "../quiet.ts";

const APP = 12_345;
const INSTALLATION = 100;
const HERE = { owner: "alice", repo: "api" };

let emulator: Emulator;
let alice: Octokit;
let aliceHerself: Person;
let repositoryId: number;

before(async () => {
  const permissions = { contents: "write", issues: "write", pull_requests: "write", metadata: "read" } as const;
  const app = { app_id: APP, slug: "threadbox", name: "Threadbox", permissions, events: ["issue_comment"] };
  const installations = [{ installation_id: INSTALLATION, account: "alice" }];
  const tokenOf = (login: string) => ({ login, scopes: ["repo"] });
  emulator = await createEmulator({
    ...{ service: "github", port: 0 },
    seed: {
      tokens: { "alice-token": tokenOf("alice"), "our-token": tokenOf("threadbox-user") },
      github: {
        users: [{ login: "alice" }, { login: "stan" }, { login: "threadbox-user" }],
        repos: [{ owner: "alice", name: "api" }],
        apps: [{ ...app, installations }],
      },
    },
  });
  const quick = { throttle: { enabled: false }, retry: { enabled: false }, log: SILENT };
  alice = new Octokit({ auth: "alice-token", baseUrl: emulator.url, ...quick });
  aliceHerself = await personNamed("alice");
  repositoryId = (await alice.rest.repos.get(HERE)).data.id;
});
after(() => emulator.close());

async function personNamed(username: string): Promise<Person> {
  const { data } = await alice.rest.users.getByUsername({ username });
  return { surface: "github", id: String(data.id), name: data.login };
}

const ways = {
  "as an App": () => {
    const key = emulator.generatedSecrets.find(({ kind }) => kind === "github.app_private_key");
    return { appId: String(APP), privateKey: key?.value ?? "" };
  },
  "with a token": () => ({ token: "our-token" }),
};

for (const [way, credentials] of Object.entries(ways))
  describe(way, () => {
    let access: GitHubAccess;
    let surface: Surface;
    let forge: Forge;
    let thread: Extract<Thread, { surface: "github" }>;
    let mention: Mention;
    const installation = way === "as an App" ? INSTALLATION : null;
    const said: Record<string, string> = {};

    before(async () => {
      const url = emulator.url;
      access = githubAccess({
        credentials: credentials(),
        apiUrl: url,
        url,
        log: quiet,
        clock: systemClock,
        paced: false,
      });
      surface = githubSurface({ access, name: "threadbox", findMention, log: quiet });
      forge = githubForge({ access, log: quiet });
      const { data: issue } = await alice.rest.issues.create({ ...HERE, title: "it fails", body: "It says 401." });
      const where = { ...HERE, issue_number: issue.number };
      await alice.rest.issues.createComment({ ...where, body: "only on Mondays" });
      const { data: order } = await alice.rest.issues.createComment({ ...where, body: "@threadbox fix it" });
      const repo = { id: repositoryId, owner: "alice", name: "api" };
      thread = { surface: "github", repo, number: issue.number, is: "issue", installation };
      const known = { id: "m1", dedupe: "1", keys: [], thread, author: aliceHerself, text: "fix it", addressed: true };
      // A minute later than it was, because theirs gives two comments of one second two milliseconds.
      mention = { ...known, message: `issue-comment:${order.id}`, at: Date.parse(order.created_at) + 60_000 };
    });

    const comments = async (): Promise<{ body: string; by: string }[]> => {
      const { data } = await alice.rest.issues.listComments({ ...HERE, issue_number: thread.number, per_page: 100 });
      return data.map(({ body = "", user }) => ({ body, by: user?.login ?? "" })).filter(({ by }) => by !== "alice");
    };

    test("whoever may write may ask, and a stranger may not", async () => {
      assert.equal((await surface.authorize(mention)).allowed, true);
      const stan = await surface.authorize({ ...mention, author: await personNamed("stan") });
      assert.equal(stan.allowed ? true : stan.code, "surface.not-allowed");
    });

    test("progress is one comment that is edited", async () => {
      const progress = newProgress("m1", null, "Reading what was asked", Date.now());
      const id = { marker: "m1/progress", again: false };
      const ref = await surface.show(thread, progress, null, null, id);
      said.progress = ref;
      assert.equal(await surface.show(thread, { ...progress, now: "Running npm test" }, null, ref, id), ref);
      const [only, ...more] = await comments();
      assert.deepEqual(more, []);
      assert.match(only?.body ?? "", /Running npm test/);
    });

    test("who we are is who comments", async () => {
      const { login } = await access.self();
      assert.equal(login, way === "as an App" ? "threadbox[bot]" : "threadbox-user");
      assert.deepEqual([...new Set((await comments()).map(({ by }) => by))], [login]);
    });

    test("what was posted is found again by its marker", async () => {
      const progress = newProgress("m1", null, "Reading what was asked", Date.now());
      assert.equal(
        await surface.show(thread, progress, null, null, { marker: "m1/progress", again: true }),
        said.progress,
      );
      const ref = await surface.say(thread, "hello", { marker: "s1/1", again: false });
      assert.equal(await surface.say(thread, "hello", { marker: "s1/1", again: true }), ref);
    });

    test("an answer is a new comment", async () => {
      const result: Answer["result"] = { outcome: "done", answer: "It adds now.", durationMs: 83_000 };
      const known = { turn: "m1", session: "s1", title: "it fails", repository: "alice/api", pullRequest: null };
      const answer: Answer = { ...known, result, askers: [aliceHerself], page: null };
      const { length } = await comments();
      await surface.answer(thread, answer, { marker: "s1/3", again: false });
      const all = await comments();
      assert.equal(all.length, length + 1);
      assert.match(all.at(-1)?.body ?? "", /It adds now\./);
    });

    test("what was said before is read, and who of them may ask", async () => {
      const before = await surface.context(mention);
      assert.deepEqual(
        before.filter(({ author }) => author === "alice").map(({ text, trusted }) => [text, trusted]),
        [
          ["only on Mondays", true],
          ["@threadbox fix it", true],
        ],
      );
    });

    test("a repository is found by its address, and git gets a token for it", async () => {
      const url = `${emulator.url}/alice/api.git`;
      const found = await forge.locate({ id: url, name: "alice/api", url, base: "" });
      assert.deepEqual([found.id, found.base, found.github?.owner], [String(repositoryId), "main", "alice"]);
      assert.match(
        (await forge.credential(found, "write"))?.password ?? "",
        way === "as an App" ? /^ghs_/ : /^our-token$/,
      );
    });

    test("a pull request is opened", async () => {
      const head = `threadbox/${installation ?? "token"}`;
      const { data: main } = await alice.rest.git.getRef({ ...HERE, ref: "heads/main" });
      await alice.rest.git.createRef({ ...HERE, ref: `refs/heads/${head}`, sha: main.object.sha });
      const file = { path: "a.txt", branch: head, message: "a", content: Buffer.from(head).toString("base64") };
      await alice.rest.repos.createOrUpdateFileContents({ ...HERE, ...file });
      const repository: Repository = {
        ...{ id: String(repositoryId), name: "alice/api", url: `${emulator.url}/alice/api.git`, base: "main" },
        github: { owner: "alice", name: "api", installation },
      };
      const draft = { repository, head, title: "It adds", body: "Done." };
      const opened = await forge.openPullRequest(draft);
      const { data } = await alice.rest.pulls.get({ ...HERE, pull_number: opened.number });
      assert.deepEqual([data.title, data.head.ref, data.base.ref, data.state], ["It adds", head, "main", "open"]);
    });

    test("the head of a pull request is looked up", async () => {
      const [{ number } = { number: 0 }] = (await alice.rest.pulls.list({ ...HERE, state: "open" })).data;
      const on = { ...mention, thread: { ...thread, number, is: "pr" as const }, lookup: "pull-request-head" as const };
      const { keys } = await surface.complete(on);
      assert.match(keys.at(-1) ?? "", new RegExp(`^git:branch:${repositoryId}:threadbox/`));
    });

    test("an issue that is not there is said to be gone", () =>
      assert.rejects(surface.say({ ...thread, number: 4_711 }, "hello", { marker: "s1/5", again: false }), {
        code: "surface.thread-gone",
      }));
  });

describe("theirs does not know", () => {
  // GitHub says 422, and then we look for the one that is there.
  test("that a branch has one open pull request at most", async () => {
    const [first] = (await alice.rest.pulls.list({ ...HERE, state: "open" })).data;
    const second = await alice.rest.pulls.create({ ...HERE, title: "b", head: first?.head.ref ?? "", base: "main" });
    assert.equal(second.status, 201);
  });

  const rows: [what: string, method: string, path: string][] = [
    ["reactions to comments", "POST", "/repos/alice/api/issues/comments/1/reactions"],
    ["reactions to issues", "POST", "/repos/alice/api/issues/1/reactions"],
    ["reactions to inline comments", "POST", "/repos/alice/api/pulls/comments/1/reactions"],
    ["replies to inline comments", "POST", "/repos/alice/api/pulls/1/comments/1/replies"],
    ["accounts by number", "GET", "/user/1"],
    ["what it could not deliver to an App", "GET", "/app/hook/deliveries"],
    ["statuses", "GET", "/repos/alice/api/commits/main/status"],
    ["GraphQL", "POST", "/graphql"],
  ];
  for (const [what, method, path] of rows)
    test(what, async () => {
      const answer = await fetch(new URL(path, emulator.url), {
        ...{ method, headers: { authorization: "token alice-token", "content-type": "application/json" } },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      assert.equal(answer.status, 404, `they have it now: ${method} ${path}`);
    });
});
