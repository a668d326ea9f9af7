import assert from "node:assert/strict";
import { test } from "node:test";
import { quick, type Stage, setStage } from "./stage.ts";

const MUTATION =
  "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
const REPO = "acme/api";

const contents = (text: string) => Buffer.from(text).toString("base64");

/** `type message`, or the new commit. */
async function commits(stage: Stage, token: string, wish: object): Promise<string> {
  const head = (await stage.github.branches(REPO)).main ?? "";
  const input = {
    branch: { repositoryNameWithOwner: REPO, branchName: "main" },
    expectedHeadOid: head,
    message: { headline: "Change" },
    fileChanges: { additions: [{ path: "a.txt", contents: contents("a\n") }] },
    ...wish,
  };
  const response = await fetch(`${stage.github.url}/api/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "user-agent": "test" },
    body: JSON.stringify({ query: MUTATION, variables: { input } }),
  });
  const { data, errors, message } = (await response.json()) as {
    data?: { createCommitOnBranch: { commit: { oid: string } } | null };
    errors?: { type: string; message: string }[];
    message?: string;
  };
  const [error] = errors ?? [];
  return error
    ? `${error.type} ${error.message}`
    : (data?.createCommitOnBranch?.commit.oid ?? `${response.status} ${message}`);
}

const tokenWith = ({ installation }: Stage, contents: "read" | "write"): string =>
  installation.token({ permissions: { contents, metadata: "read" } });

test("a commit of GitHub's own: signed, by the bot, on the tip that it names, and webhooks tell of it", async (t) => {
  const stage = await setStage(t);
  const token = tokenWith(stage, "write");
  const first = await commits(stage, token, {
    message: { headline: "Change", body: "Why" },
    fileChanges: { additions: [{ path: "x/ä.txt", contents: contents("a\r\n") }], deletions: [{ path: "README.md" }] },
  });
  assert.match(first, /^[0-9a-f]{40}$/);
  const { data } = await quick(stage.github, token).rest.repos.getCommit({ owner: "acme", repo: "api", ref: "main" });
  const { verification, author, committer, message } = data.commit;
  assert.deepEqual(
    [data.sha, message, verification?.verified, verification?.reason],
    [first, "Change\n\nWhy", true, "valid"],
  );
  assert.deepEqual([author?.name, committer?.name], ["threadbox[bot]", "GitHub"]);
  const files = await stage.github.files(REPO, "main");
  assert.deepEqual([files["x/ä.txt"], files["README.md"]], ["a\r\n", undefined]);
  await stage.github.settled();
  assert.ok(stage.door.heard.some(({ event, payload }) => event === "push" && payload.after === first));
});

test("refused, with status 200 and the kind of error", async (t) => {
  const stage = await setStage(t);
  const token = tokenWith(stage, "write");
  const old = "1".repeat(40);
  assert.equal(
    await commits(stage, token, { expectedHeadOid: old }),
    `STALE_DATA Expected branch to point to "${old}" but it did not.  Pull and try again.`,
  );
  const branch = { repositoryNameWithOwner: REPO, branchName: "none" };
  assert.match(await commits(stage, token, { branch }), /^NOT_FOUND /);
  assert.match(
    await commits(stage, token, { branch: { ...branch, repositoryNameWithOwner: "acme/none" } }),
    /^NOT_FOUND /,
  );
  assert.match(await commits(stage, token, { fileChanges: { deletions: [{ path: "none" }] } }), /^UNPROCESSABLE /);
  assert.equal(await commits(stage, tokenWith(stage, "read"), {}), "FORBIDDEN Resource not accessible by integration");
  const workflow = { fileChanges: { additions: [{ path: ".github/workflows/ci.yml", contents: "" }] } };
  assert.match(
    await commits(stage, token, workflow),
    /^FORBIDDEN refusing to allow a GitHub App to create or update workflow/,
  );
  assert.equal(await commits(stage, "ghs_wrong", {}), "401 Bad credentials");
  assert.equal(Object.keys(await stage.github.files(REPO, "main")).length, 2);
});
