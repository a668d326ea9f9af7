/**
 * What others have recorded of GitHub's webhooks (`@octokit/webhooks-examples`), every payload of it, signed, to the running bot: it answers
 * each, says why it leaves it alone, and begins nothing that nobody asked for.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Webhooks } from "@octokit/webhooks";
import definitions from "@octokit/webhooks-examples" with { type: "json" };
import { z } from "zod";
import { systemClock } from "../../src/clock.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { startWorld, type World } from "../world.ts";

const Definitions = z.array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }));
interface Example {
  event: string;
  payload: Record<string, unknown>;
}

const examplesIn = (all: unknown): Example[] =>
  Definitions.parse(all).flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));

/** Of every version of GitHub's own server that they have. */
function serverExamples(): Example[] {
  const folder = dirname(dirname(fileURLToPath(import.meta.resolve("@octokit/webhooks-examples"))));
  const versions = readdirSync(folder).filter((name) => name.startsWith("ghes-"));
  assert.ok(versions.length > 0);
  return versions.flatMap((name) => examplesIn(JSON.parse(readFileSync(join(folder, name, "index.json"), "utf8"))));
}

let github: GitHubEmulator;
let world: World;
let signer: Webhooks;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const app = await github.createApp({ slug: "threadbox" });
  signer = new Webhooks({ secret: app.webhookSecret });
  world = await startWorld({
    scripts: [],
    variables: app.environment,
  });
});
after(async () => {
  await world.stop();
  await github.close();
});

let deliveries = 0;

async function deliver({ event, payload }: Example): Promise<string> {
  deliveries += 1;
  const body = JSON.stringify(payload);
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": `00000000-0000-4000-8000-${String(deliveries).padStart(12, "0")}`,
    "x-hub-signature-256": await signer.sign(body),
  };
  const response = await fetch(`${world.url}/github/webhooks`, { method: "POST", headers, body });
  return `${response.status} ${JSON.stringify(await response.json())}`;
}

const AT_ONCE = 20;
const UNSUPPORTED = '202 {"ignored":"event-unsupported"}';

/** What came of each event and action about which something might be done: its answers, each once. */
async function becameOf(examples: Example[]): Promise<Record<string, string>> {
  const came = new Map<string, Set<string>>();
  for (let from = 0; from < examples.length; from += AT_ONCE) {
    const some = examples.slice(from, from + AT_ONCE);
    for (const [index, became] of (await Promise.all(some.map(deliver))).entries()) {
      const { event, payload } = some[index] ?? { event: "", payload: {} };
      const name = typeof payload.action === "string" ? `${event}.${payload.action}` : event;
      if (became !== UNSUPPORTED) came.set(name, (came.get(name) ?? new Set()).add(became));
    }
  }
  return Object.fromEntries([...came].map(([name, answers]) => [name, [...answers].sort().join(", ")]));
}

/** As if it had happened just now. */
function asOfNow({ event, payload }: Example): Example {
  const now = new Date().toISOString();
  const moved = JSON.stringify(payload, (key, value) =>
    /^(?:created|updated|submitted)_at$/.test(key) && typeof value === "string" ? now : value,
  );
  return { event, payload: JSON.parse(moved) };
}

async function nothingBegan(): Promise<void> {
  await world.settled();
  assert.deepEqual(await world.sessions.list(1), []);
  assert.deepEqual(await world.bot.store.db.selectFrom("inbox").select("dedupe").execute(), []);
}

/** What is done about nobody's order, by event and action; about all others, nothing (`event-unsupported`). */
const NOTHING_TO_DO: Record<string, string> = {
  "check_run.completed": "nobody-follows",
  "check_run.created": "nobody-follows",
  "check_suite.completed": "nobody-follows",
  "installation.created": "installation",
  "installation.deleted": "installation",
  "installation.new_permissions_accepted": "installation",
  "installation.suspend": "installation",
  "installation.unsuspend": "installation",
  "installation_repositories.added": "installation",
  "installation_repositories.removed": "installation",
  "issue_comment.created": "nobody-follows",
  "issues.assigned": "other-assignee",
  "issues.labeled": "other-label",
  "issues.opened": "not-addressed",
  ping: "ping",
  "pull_request.assigned": "other-assignee",
  "pull_request.closed": "nobody-follows",
  "pull_request.converted_to_draft": "nobody-follows",
  "pull_request.labeled": "other-label",
  "pull_request.opened": "nobody-follows",
  "pull_request.ready_for_review": "nobody-follows",
  "pull_request.reopened": "nobody-follows",
  "pull_request.synchronize": "nobody-follows",
  "pull_request_review.dismissed": "nobody-follows",
  "pull_request_review.submitted": "nobody-follows",
  "pull_request_review_comment.created": "nobody-follows",
  push: "nobody-follows",
  status: "nobody-follows",
};
const answered = (reasons: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(reasons).map(([name, reason]) => [name, `202 {"ignored":"${reason}"}`]));

describe("every example is answered, with the reason why nothing is done", () => {
  const known = examplesIn(definitions);

  test("as if it had happened just now", async () => {
    const handled = new Set(Object.keys(NOTHING_TO_DO).map((name) => name.split(".")[0]));
    const came = await becameOf(known.filter(({ event }) => handled.has(event)).map(asOfNow));
    assert.deepEqual(came, answered(NOTHING_TO_DO));
    await nothingBegan();
  });

  test("as it was recorded, years ago, on github.com and on every version of GitHub's own server", async () => {
    const old = {
      "issue_comment.created": "too-old",
      "pull_request_review.submitted": "too-old",
      "pull_request_review_comment.created": "too-old",
    };
    const came = await becameOf([...known, ...serverExamples()]);
    assert.deepEqual(came, answered({ ...NOTHING_TO_DO, ...old }));
    await nothingBegan();
  });
});
