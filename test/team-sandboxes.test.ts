/** What a team can say of its sandboxes in threadbox.yml: what comes out of it, and what is refused in which words. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ThreadboxError } from "../src/errors.ts";
import { readTeamSettings } from "../src/repositories.ts";
import type { SandboxSettings } from "../src/sandboxes/settings.ts";
import { defaultSandboxes, plainRepository } from "../src/team-sandboxes.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-team-"));
after(() => rmSync(folder, { recursive: true }));

function read(yaml: string): SandboxSettings {
  const path = join(folder, "threadbox.yml");
  writeFileSync(path, yaml);
  return readTeamSettings(path).sandboxes;
}

/** The lines below the heading, each a place and what it should be. */
function problemsOf(yaml: string): string[] {
  try {
    read(yaml);
  } catch (thrown) {
    assert.ok(thrown instanceof ThreadboxError);
    assert.equal(thrown.code, "config.invalid");
    return thrown.detail
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe("sandboxes in threadbox.yml", () => {
  test("need not be mentioned", () => {
    assert.deepEqual(read("repositories: [{ name: acme/api }]"), defaultSandboxes);
    assert.deepEqual(defaultSandboxes, {
      image: { base: "node:22-bookworm-slim", packages: [], commands: [], env: {} },
      modal: {
        app: "threadbox",
        environment: null,
        reach: "tunnel",
        lifetimeMs: DAY_MS,
        idleTimeoutMs: 60 * MINUTE_MS,
        keepsFilesMs: 30 * DAY_MS,
        cpu: null,
        memoryMiB: null,
        regions: [],
        secrets: [],
        network: { block: false, cidrs: null, domains: null },
        keepTokensOutside: false,
      },
      repositories: {},
    });
  });

  test("can be described in every respect", () => {
    const all = readTeamSettings(join(import.meta.dirname, "..", "threadbox.example.yml")).sandboxes;
    assert.deepEqual(all, {
      image: {
        base: "node:22-bookworm-slim",
        packages: ["postgresql-client"],
        commands: ["corepack enable"],
        env: { TZ: "Europe/Berlin" },
      },
      modal: {
        app: "threadbox",
        environment: "main",
        reach: "tunnel",
        lifetimeMs: DAY_MS,
        idleTimeoutMs: 60 * MINUTE_MS,
        keepsFilesMs: 30 * DAY_MS,
        cpu: 2,
        memoryMiB: 4096,
        regions: ["eu"],
        secrets: ["npm-registry"],
        network: {
          block: false,
          cidrs: ["140.82.112.0/20"],
          domains: ["api.anthropic.com", "github.com", "*.github.com", "registry.npmjs.org"],
        },
        keepTokensOutside: false,
      },
      repositories: {
        "acme/web": {
          goldenEveryMs: 30 * MINUTE_MS,
          warm: 1,
          volumes: [{ name: "web-npm-cache", path: "/home/agent/.npm", readOnly: false }],
          buckets: [
            {
              bucket: "acme-fixtures",
              path: "/data/fixtures",
              secret: "acme-fixtures-reader",
              prefix: "web/",
              readOnly: true,
              endpoint: "https://0123456789abcdef.r2.cloudflarestorage.com",
            },
          ],
        },
      },
    });
  });

  test("are listed for those repositories that say something about them", () => {
    const { repositories } = read("repositories: [{ name: a/plain, setup: npm ci }, { name: a/warm, warm: 2 }]");
    assert.deepEqual(repositories, { "a/warm": { ...plainRepository, warm: 2 } });
  });

  const lives: [string, string, Partial<SandboxSettings["modal"]>][] = [
    ["files are kept for ever", "modal: { snapshotDays: never }", { keepsFilesMs: null }],
    ["files are kept for half a day", "modal: { snapshotDays: 0.5 }", { keepsFilesMs: DAY_MS / 2 }],
    [
      "a short life ends idleness, too",
      "modal: { lifetimeMinutes: 30 }",
      { lifetimeMs: 30 * MINUTE_MS, idleTimeoutMs: 30 * MINUTE_MS },
    ],
    [
      "the bot's own sleep comes before Modal's end",
      "limits: { idleAfterMinutes: 90 }",
      { idleTimeoutMs: 100 * MINUTE_MS },
    ],
  ];
  for (const [name, yaml, meant] of lives)
    test(name, () => assert.deepEqual(read(yaml).modal, { ...defaultSandboxes.modal, ...meant }));
});

describe("a mistake about sandboxes is told with its place and what helps", () => {
  const volume = (path: string) => `repositories: [{ name: a/b, volumes: [{ name: data, path: ${path} }] }]`;
  const PATH = "repositories.0.volumes.0.path: an absolute path without .. or a / at the end, such as /data";
  const TAKEN = "repositories.0.volumes.0.path: that place is taken; choose another one, such as /data";
  const EMPTY = "an empty list would block everything; say `block: true` if you mean that";

  const table: [string, string, string][] = [
    [
      "a base with spaces",
      "image: { base: node 22 }",
      "image.base: an image's name without spaces, such as node:22-bookworm-slim",
    ],
    [
      "a package that would be more than a name",
      'image: { packages: ["curl && true"] }',
      "image.packages.0: a Debian package's name, such as postgresql-client, with =version if you like",
    ],
    [
      "a command that would begin another instruction",
      'image: { commands: ["true\\nUSER agent"] }',
      "image.commands.0: has to be one line; join several commands with &&",
    ],
    [
      "a command that would swallow the next instruction",
      "image: { commands: ['true \\'] }",
      "image.commands.0: has to be one line; join several commands with &&",
    ],
    [
      "a variable that begins with a digit",
      "image: { env: { 1ST: x } }",
      "image.env.1ST: a variable's name has letters, digits and _, and no digit first",
    ],
    ["a variable of two lines", 'image: { env: { KEY: "a\\nb" } }', "image.env.KEY: has to be one line"],
    [
      "a variable that is no text",
      "image: { env: { PORT: 3000 } }",
      "image.env.PORT: has to be text; put it in quotes",
    ],
    [
      "a variable of the daemon",
      "image: { env: { SANDBOX_DAEMON_JWT_SECRET: x } }",
      "image.env.SANDBOX_DAEMON_JWT_SECRET: SANDBOX_DAEMON_ variables are the bot's own",
    ],
    ["an App that is no name", "modal: { app: my app }", "modal.app: letters, digits, dots, - and _, at most 64"],
    ["a third way", "modal: { reach: ssh }", "modal.reach: tunnel or connect-token"],
    [
      "more than a day",
      "modal: { lifetimeMinutes: 1441 }",
      "modal.lifetimeMinutes: at most 1440 (24 hours), which is Modal's own limit",
    ],
    [
      "less than is worth the moving",
      "modal: { lifetimeMinutes: 10 }",
      "modal.lifetimeMinutes: at least 30: work is carried over ten minutes before the end",
    ],
    [
      "idleness beyond the life",
      "modal: { lifetimeMinutes: 30, idleMinutes: 40 }",
      "modal.idleMinutes: at most the 30 minutes of modal.lifetimeMinutes",
    ],
    [
      "an end before the files are kept",
      "modal: { idleMinutes: 10 }",
      "modal.idleMinutes: more than the 10 minutes of limits.idleAfterMinutes, or Modal ends a sandbox before its files are kept",
    ],
    ["days in words", "modal: { snapshotDays: always }", "modal.snapshotDays: a number of days, or never"],
    [
      "a blocked network with exceptions",
      "modal: { network: { block: true, domains: [github.com] } }",
      "modal.network: `block` shuts everything off, so `cidrs` and `domains` cannot stand beside it; leave one of them out",
    ],
    ["no addresses", "modal: { network: { cidrs: [] } }", `modal.network.cidrs: ${EMPTY}`],
    ["no domains", "modal: { network: { domains: [] } }", `modal.network.domains: ${EMPTY}`],
    [
      "an address without its length",
      "modal: { network: { cidrs: [140.82.112.0] } }",
      "modal.network.cidrs.0: an IPv4 range, such as 140.82.112.0/20",
    ],
    [
      "a URL among the domains",
      'modal: { network: { domains: ["https://github.com"] } }',
      "modal.network.domains.0: a domain without https:// or path, such as github.com or *.github.com",
    ],
    [
      "tokens outside with a list of domains",
      "modal: { keepTokensOutside: true, network: { domains: [github.com] } }",
      "modal.keepTokensOutside: keepTokensOutside cannot go together with network.block or network.domains; leave one out (network.cidrs is fine)",
    ],
    [
      "tokens outside with no network",
      "modal: { keepTokensOutside: true, network: { block: true } }",
      "modal.keepTokensOutside: keepTokensOutside cannot go together with network.block or network.domains; leave one out (network.cidrs is fine)",
    ],
    [
      "a golden rhythm that is too fast",
      "repositories: [{ name: a/b, goldenMinutes: 5 }]",
      "repositories.0.goldenMinutes: at least 10",
    ],
    [
      "half a warm sandbox",
      "repositories: [{ name: a/b, warm: 0.5 }]",
      "repositories.0.warm: has to be a whole number",
    ],
    ["a relative mount", volume("data"), PATH],
    ["a mount that climbs", volume("/data/../etc"), PATH],
    ["a mount over the daemon", volume("/threadbox/state"), TAKEN],
    ["a mount over the clone", volume("/workspace"), TAKEN],
    ["a mount over the system", volume("/usr/local"), TAKEN],
    [
      "two mounts in one place",
      "repositories: [{ name: a/b, volumes: [{ name: x, path: /data }], buckets: [{ bucket: y, path: /data }] }]",
      "repositories.0: two volumes or buckets have the path /data",
    ],
    [
      "a prefix that is half a name",
      "repositories: [{ name: a/b, buckets: [{ bucket: y, path: /data, prefix: web }] }]",
      "repositories.0.buckets.0.prefix: has to end with /",
    ],
    [
      "an unknown setting",
      "modal: { gpu: 1 }",
      "modal: nothing is called gpu here; threadbox.example.yml shows everything",
    ],
  ];
  for (const [name, yaml, problem] of table) test(name, () => assert.deepEqual(problemsOf(yaml), [problem]));

  test("and all of them at once", () => {
    assert.equal(
      problemsOf("image: { base: 1 }\nmodal: { reach: ssh, cpu: 0 }\nrepositories: [{ warm: -1 }]").length,
      5,
    );
  });

  test("what only looks like one is fine", () => {
    for (const yaml of [
      volume("/workspace/cache"),
      volume("/home/agent/.npm"),
      'image: { packages: ["libc6:arm64", "g++", "nodejs=22.1-1~deb12"] }',
      "image:\n  commands:\n    - >\n      apt-get update &&\n      apt-get install -y jq\n",
      "modal: { keepTokensOutside: true, network: { cidrs: [10.0.0.0/8] } }",
      "modal: { keepTokensOutside: true, network: { block: false } }",
    ])
      assert.deepEqual(problemsOf(yaml), [], yaml);
  });
});
