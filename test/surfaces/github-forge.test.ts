import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Repository } from "../../src/core/types.ts";
import { createLog } from "../../src/log.ts";
import { githubForge } from "../../src/surfaces/github-forge.ts";
import { inWorld, REPO, type World } from "./github-world.ts";

const repositoryOf = ({ repo, installation }: World): Repository => ({
  id: String(repo.id),
  name: REPO,
  url: repo.cloneUrl,
  base: "main",
  github: { owner: "acme", name: "api", installation },
});

const get = async ({ github }: World, token: string, path: string): Promise<number> =>
  (await fetch(`${github.apiUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;

describe("who commits", () => {
  test("the App's bot, by the number of its account", () =>
    inWorld({}, async ({ forge, app }) => {
      const email = `${app.bot.id}+acme-coder[bot]@users.noreply.127.0.0.1`;
      assert.deepEqual(await forge.identity(), { name: "acme-coder[bot]", email });
    }));

  test("the owner of the token", () =>
    inWorld({ as: "token" }, async ({ forge, people }) => {
      const email = `${people["threadbox-user"]?.id}+threadbox-user@users.noreply.127.0.0.1`;
      assert.deepEqual(await forge.identity(), { name: "threadbox-user", email });
    }));

  test("is asked again when it could not be found out", () =>
    inWorld({}, async ({ github, freshAccess }) => {
      const forge = githubForge({ access: freshAccess(), log: createLog("silent") });
      github.faults.next("GET /app", { kind: "status", status: 502 });
      await assert.rejects(forge.identity(), { code: "surface.unavailable" });
      assert.equal((await forge.identity()).name, "acme-coder[bot]");
    }));
});

describe("what git may use", () => {
  test("a token for that repository and for code alone", () =>
    inWorld({ isPrivate: true }, async (world) => {
      const { forge, github, clock } = world;
      await github.createRepository("acme/secret", { isPrivate: true });
      await github.as("alice").pushes(REPO, "login", { "main.ts": "one\n" });
      const credential = await forge.credential(repositoryOf(world), "write");
      assert.equal(credential?.origin, github.url);
      assert.equal(credential?.username, "x-access-token");
      assert.ok((credential?.expiresAt ?? 0) > clock.now() + 50 * 60_000);
      const token = credential?.password ?? "";
      assert.equal(await get(world, token, "/repos/acme/api/branches"), 200);
      assert.equal(await get(world, token, "/repos/acme/secret"), 404);
      assert.equal(await get(world, token, "/repos/acme/api/issues"), 403);
    }));

  test("where a stranger's code is run, one that can fetch and not push", () =>
    inWorld({ isPrivate: true }, async (world) => {
      const read = (await world.forge.credential(repositoryOf(world), "read"))?.password ?? "";
      assert.equal(await get(world, read, "/repos/acme/api/branches"), 200);
      const services = (token: string) =>
        ["git-upload-pack", "git-receive-pack"].map(async (service) => {
          const authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
          const url = `${world.github.url}/acme/api.git/info/refs?service=${service}`;
          return (await fetch(url, { headers: { authorization } })).status;
        });
      assert.deepEqual(await Promise.all(services(read)), [200, 403]);
      const write = (await world.forge.credential(repositoryOf(world), "write"))?.password ?? "";
      assert.deepEqual(await Promise.all(services(write)), [200, 200]);
    }));

  test("while an agent is at work, one that can read and nothing else", () =>
    inWorld({ isPrivate: true }, async (world) => {
      const token = (await world.forge.credential(repositoryOf(world), "read"))?.password ?? "";
      assert.equal(await get(world, token, "/repos/acme/api/branches"), 200);
      const push = await fetch(`${world.github.apiUrl}/repos/acme/api/git/refs`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: "{}",
      });
      assert.equal(push.status, 403);
      assert.notEqual((await world.forge.credential(repositoryOf(world), "write"))?.password, token);
    }));

  test("one for workflows is asked for only where a person has allowed them; GitHub gives none that the App has not", () =>
    inWorld({}, async (world) => {
      const forge = githubForge({ access: world.access, log: createLog("silent"), workflows: true });
      assert.ok(await forge.credential(repositoryOf(world), "read"));
      await assert.rejects(forge.credential(repositoryOf(world), "write"), { code: "git.unauthorized" });
    }));

  test("commits that GitHub signs are made where its API is, also on a host of one's own", () =>
    inWorld({}, async (world) => {
      const { url } = world.github;
      const verified = { repository: "acme/api", restUrl: `${url}/api/v3`, graphqlUrl: `${url}/api/graphql` };
      assert.deepEqual(world.forge.verified(repositoryOf(world)), verified);
      assert.equal(world.forge.verified({ ...repositoryOf(world), url: "https://git.example.dev/acme/api.git" }), null);
    }));

  test("a fresh one when the last is half used up", () =>
    inWorld({}, async (world) => {
      const first = await world.forge.credential(repositoryOf(world), "write");
      world.clock.advance(29 * 60_000);
      assert.equal((await world.forge.credential(repositoryOf(world), "write"))?.password, first?.password);
      world.clock.advance(2 * 60_000);
      assert.notEqual((await world.forge.credential(repositoryOf(world), "write"))?.password, first?.password);
    }));

  test("the person's token, where we have no App", () =>
    inWorld({ as: "token" }, async (world) => {
      const credential = await world.forge.credential(repositoryOf(world), "write");
      assert.match(credential?.password ?? "", /^ghp_/);
      assert.equal(credential?.expiresAt, undefined);
    }));

  test("nothing elsewhere", () =>
    inWorld({}, async (world) => {
      const here = repositoryOf(world);
      for (const url of ["https://git.example.dev/acme/api.git", "git@github.com:acme/api.git", "/srv/git/api.git"]) {
        assert.equal(await world.forge.credential({ ...here, url }, "write"), null, url);
      }
    }));

  test("nothing where the App is not installed, and that is said", () =>
    inWorld({}, async (world) => {
      const { cloneUrl, id } = await world.github.createRepository("other/web", {});
      const repository = { id: String(id), name: "other/web", url: cloneUrl, base: "main" };
      await assert.rejects(world.forge.credential(repository, "write"), { code: "git.unauthorized" });
    }));
});

describe("a repository that was named by its URL", () => {
  test("gets its number, its default branch and its place", () =>
    inWorld({}, async (world) => {
      const { id, cloneUrl: url } = world.repo;
      assert.deepEqual(await world.forge.locate({ id: url, name: "api", url, base: "" }), {
        ...{ id: String(id), name: "api", url, base: "main" },
        github: { owner: "acme", name: "api", installation: null },
      });
    }));

  test("keeps what is known of it", () =>
    inWorld({}, async (world) => {
      const known = repositoryOf(world);
      assert.equal(await world.forge.locate(known), known);
      const elsewhere = { id: "x", name: "x", url: "https://git.example.dev/x.git", base: "" };
      assert.equal(await world.forge.locate(elsewhere), elsewhere);
    }));

  test("is unknown where we may not see it", () =>
    inWorld({ as: "token" }, async (world) => {
      const url = `${world.github.url}/acme/none.git`;
      await assert.rejects(world.forge.locate({ id: url, name: "none", url, base: "" }), {
        code: "repository.unknown",
        detail: "GitHub shows me no repository acme/none",
      });
    }));
});
