import assert from "node:assert/strict";
import type { Person } from "../../src/core/types.ts";
import { type SurfaceUnderTest, surfaceContract, type VendorFailure } from "../contracts/surface.ts";
import type { Fault } from "../emulators/github/faults.ts";
import { issueThread, mentionFrom, REPO, startWorld, type World } from "./github-world.ts";

for (const as of ["app", "token"] as const) {
  surfaceContract(`github with ${as === "app" ? "an App" : "a token"}`, async () =>
    underTest(await startWorld({ as })),
  );
}

function underTest(world: World): SurfaceUnderTest {
  const { github, surface } = world;
  const ours = world.installation === null ? "threadbox-user" : "acme-coder[bot]";
  return {
    surface,
    thread: issueThread(world),
    member: world.people.alice ?? nobody,
    stranger: world.people.mallory ?? nobody,
    async mention(text, who) {
      return mentionFrom(world, () => github.as(who.name).comments(REPO, 1, `@threadbox ${text}`));
    },
    async posts() {
      const mine = github
        .issue(REPO, 1)
        .comments()
        .filter(({ author }) => author === ours);
      return mine.map(({ id, body, edits }) => ({ ref: `issue-comment:${id}`, text: body, edits }));
    },
    async eyes({ message }) {
      const comment = github
        .issue(REPO, 1)
        .comments()
        .find(({ id }) => message === `issue-comment:${id}`);
      return comment?.reactions.filter(({ content, user }) => content === "eyes" && user === ours).length ?? 0;
    },
    failFromNowOn(how) {
      // An App whose token was refused asks for another one and is refused that: no waiting for a token to settle.
      const routes = how === "unauthorized" && world.installation !== null ? [TOKENS] : [...CALLS, TOKENS];
      for (const route of routes) for (let i = 0; i < 5; i++) github.faults.next(route, FAULTS[how]);
    },
    async close() {
      assert.deepEqual(github.unknownCalls(), []);
      await world.close();
    },
  };
}

const nobody: Person = { surface: "github", id: "0", name: "nobody" };
const TOKENS = "POST /app/installations/{installation_id}/access_tokens";
const CALLS = [
  "GET /user",
  "GET /repos/{owner}/{repo}/collaborators/{username}/permission",
  "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
  "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
];
const FAULTS: Record<VendorFailure, Fault> = {
  unauthorized: { kind: "status", status: 401, message: "Bad credentials" },
  "rate-limited": { kind: "primary-limit", resetInSeconds: 90 },
  unavailable: { kind: "status", status: 503 },
};
