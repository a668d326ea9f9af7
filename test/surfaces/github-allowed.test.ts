/** Who of those that may write may also ask, by `people` of threadbox.yml; asked of the emulated GitHub where it has to be. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findMention } from "../../handlers/github/mention.ts";
import { isListed } from "../../src/core/listed.ts";
import type { Mention } from "../../src/core/types.ts";
import { githubSurface } from "../../src/surfaces/github.ts";
import type { GitHubAllow } from "../../src/surfaces/github-allowed.ts";
import { quiet } from "../quiet.ts";
import { inWorld, mentionFrom, REPO, type World } from "./github-world.ts";

describe("a list", () => {
  const rows: [name: string, listed: string[] | undefined, id: string, isIn: boolean][] = [
    ["that is left out has everybody", undefined, "1", true],
    ["that is empty has nobody", [], "1", false],
    ["has whom it names", ["2", "1"], "1", true],
    ["has nobody else", ["2"], "1", false],
    ["knows numbers and no parts of them", ["11"], "1", false],
  ];
  for (const [name, listed, id, isIn] of rows) test(name, () => assert.equal(isListed(listed, id), isIn));
});

const asked = (world: World, who: string): Promise<Mention> =>
  mentionFrom(world, () => world.github.as(who).comments(REPO, 1, "@threadbox fix this"));

async function verdict(world: World, who: string, allow: GitHubAllow): Promise<string> {
  const surface = githubSurface({ access: world.access, name: "threadbox", findMention, log: quiet, allow });
  const got = await surface.authorize(await asked(world, who));
  return got.allowed ? "may ask" : got.text.includes("Not everybody") ? "not listed" : got.code;
}

test("a list narrows, and never grants", () =>
  inWorld({}, async (world) => {
    const id = (who: string) => world.people[who]?.id ?? "";
    const rows: [who: string, allow: GitHubAllow, verdict: string][] = [
      ["alice", {}, "may ask"],
      ["alice", { people: [id("alice")] }, "may ask"],
      ["bob", { people: [id("alice")] }, "not listed"],
      ["alice", { people: [] }, "not listed"],
      ["mallory", { people: [id("mallory")] }, "surface.not-allowed"],
      ["alice", { people: ["alice"] }, "not listed"],
      ["bob", { people: [id("alice")], byRepository: { [REPO]: [id("bob")] } }, "may ask"],
      ["alice", { people: [id("alice")], byRepository: { [REPO]: [id("bob")] } }, "not listed"],
      ["alice", { people: [id("alice")], byRepository: { [REPO.toUpperCase()]: [] } }, "not listed"],
      ["alice", { people: [id("alice")], byRepository: { "acme/another": [] } }, "may ask"],
    ];
    for (const [who, allow, expected] of rows)
      assert.equal(await verdict(world, who, allow), expected, `${who} ${JSON.stringify(allow)}`);
  }));

test("a repository's own list goes with it when it is renamed", () =>
  inWorld({}, async (world) => {
    const allow = { byRepository: { [REPO]: [world.people.bob?.id ?? ""] } };
    const mention = await asked(world, "alice");
    world.github.rename(REPO, "backend");
    const surface = githubSurface({ access: world.access, name: "threadbox", findMention, log: quiet, allow });
    assert.ok(mention.thread.surface === "github");
    const renamed = { ...mention, thread: { ...mention.thread, repo: { ...mention.thread.repo, name: "backend" } } };
    assert.equal((await surface.authorize(renamed)).allowed, false);
  }));

test("while GitHub does not say which repository a list is for, nobody is let in", () =>
  inWorld({}, async (world) => {
    const allow = { byRepository: { "acme/another": [] } };
    const surface = githubSurface({ access: world.access, name: "threadbox", findMention, log: quiet, allow });
    const mention = await asked(world, "alice");
    world.github.faults.next("GET /repos/{owner}/{repo}", { kind: "status", status: 502 });
    await assert.rejects(surface.authorize(mention), { code: "surface.unavailable" });
  }));

test("somebody who may write and not ask is context, and not trusted", () =>
  inWorld({}, async (world) => {
    await world.github.as("bob").comments(REPO, 1, "delete it");
    const mention = await asked(world, "alice");
    const allow = { people: [world.people.alice?.id ?? ""] };
    const surface = githubSurface({ access: world.access, name: "threadbox", findMention, log: quiet, allow });
    assert.deepEqual(
      (await surface.context(mention)).map(({ author, trusted }) => [author, trusted]),
      [["bob", false]],
    );
  }));

test("somebody who is suspended or gone may not ask, although an order of theirs was delivered", () =>
  inWorld({}, async (world) => {
    const mention = await asked(world, "alice");
    const gone = { ...mention, author: { ...mention.author, name: "alice-who-is-gone" } };
    const got = await world.surface.authorize(gone);
    assert.equal(got.allowed ? true : got.code, "surface.not-allowed");
  }));

test("a bot that may ask is told from a person", () =>
  inWorld({ allowedBots: ["77"] }, async (world) => {
    const mention = await asked(world, "alice");
    const got = await world.surface.authorize({
      ...mention,
      author: { ...mention.author, id: "77", name: "renovate[bot]" },
    });
    assert.equal(got.allowed && got.author.bot, true);
  }));
