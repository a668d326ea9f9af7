import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Octokit } from "octokit";
import { type GitHubEmulator, startGitHub } from "../github.ts";
import type { AppHandle } from "./app-handle.ts";
import { parseOperation } from "./graphql/parse.ts";

let github: GitHubEmulator;
let app: AppHandle;
let number: number;
const REPO = "acme/api";
const client = (auth: string) => new Octokit({ auth, baseUrl: github.apiUrl, throttle: { enabled: false } });

before(async () => {
  github = await startGitHub();
  await github.createRepository(REPO, {
    files: { "a.ts": "one\ntwo\n" },
    collaborators: { alice: "write", rita: "read" },
  });
  app = await github.createApp({ slug: "robot" });
  await github.as("alice").pushes(REPO, "fix", { "a.ts": "ONE\nTWO\n" });
  number = (await github.as("alice").opensPullRequest(REPO, { title: "Fix", head: "fix" })).number;
  await github.as("alice").reviewComments(REPO, number, { path: "a.ts", line: 1, body: "why?" });
});
after(() => github.close());

const THREADS = `query ($n: Int!) { repository(owner: "acme", name: "api") { pullRequest(number: $n) {
  reviewThreads(first: 1) { nodes { id isResolved } pageInfo { hasNextPage } } } } }`;
const thread = async (octokit: Octokit) => {
  const found = await octokit.graphql<{
    repository: { pullRequest: { reviewThreads: { nodes: { id: string; isResolved: boolean }[] } } };
  }>(THREADS, { n: number });
  return found.repository.pullRequest.reviewThreads.nodes[0];
};
const RESOLVE = `mutation ($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { isResolved } } }`;

describe("GraphQL as octokit speaks it", () => {
  test("an App resolves a thread only where it may write contents too", async () => {
    const installation = await app.install("acme");
    const narrow = client(installation.token({ permissions: { pull_requests: "write", contents: "read" } }));
    const id = (await thread(narrow))?.id;
    await assert.rejects(narrow.graphql(RESOLVE, { id }), {
      errors: [{ ...FORBIDDEN, path: ["resolveReviewThread"] }],
    });
    const wide = client(installation.token({ permissions: { pull_requests: "write", contents: "write" } }));
    assert.deepEqual(await wide.graphql(RESOLVE, { id }), { resolveReviewThread: { thread: { isResolved: true } } });
    assert.equal((await thread(wide))?.isResolved, true);
  });

  test("what is not there is said, and the rest stands", async () => {
    const octokit = client(github.personalToken("alice"));
    const asked = octokit.graphql(`{ nodes(ids: ["PRR_x"]) { id } }`);
    await assert.rejects(asked, { name: "GraphqlResponseError" });
  });

  test("a field that GitHub has not is no null", async () => {
    const asked = client(github.personalToken("alice")).graphql(
      `{ repository(owner: "acme", name: "api") { colour } }`,
    );
    await assert.rejects(asked, { errors: [{ message: "Field 'colour' doesn't exist on type 'Repository'" }] });
  });

  test("nobody is anonymous", async () => {
    await assert.rejects(client("ghp_wrong").graphql(THREADS, { n: number }), { status: 401 });
  });
});

const FORBIDDEN = { type: "FORBIDDEN", message: "Resource not accessible by integration" };

describe("the reader of documents", () => {
  test("reads what clients send", () => {
    const { is, variables, selections } = parseOperation(
      `query Q($ids: [ID!]!, $n: Int = 3) { all: nodes(ids: $ids, of: {a: [1, "b"], c: EYES}) { ... on Comment { id } } } # end`,
    );
    assert.deepEqual(
      [is, variables.map(({ name, required }) => [name, required])],
      [
        "query",
        [
          ["ids", true],
          ["n", false],
        ],
      ],
    );
    const [field] = selections;
    assert.ok(field?.is === "field");
    assert.deepEqual([field.as, field.name, field.selections[0]?.is], ["all", "nodes", "fragment"]);
  });

  for (const [name, document] of [
    ["a named fragment", "{ a { ...F } }"],
    ["a directive", "{ a @skip(if: true) }"],
    ["a second operation", "{ a } { b }"],
    ["an open brace", "{ a "],
    ["another letter", "{ a; }"],
  ] as const)
    test(`refuses ${name}`, () => assert.throws(() => parseOperation(document)));
});
