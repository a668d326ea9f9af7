/** What a team says of its sandboxes, and what Modal is asked for then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeholderModels } from "../../src/sandboxes/modal-outside.ts";
import type { ModelKeys } from "../../src/sandboxes/modal-things.ts";
import type { NetworkSettings } from "../../src/sandboxes/settings.ts";
import { plainRepository } from "../../src/team-sandboxes.ts";
import { handWoundClock } from "../clock.ts";
import { isCode, noMachines, openBench } from "./modal-bench.ts";

const skip = noMachines ?? false;
const FRESH = { from: null };

test("times are asked for in whole seconds, rounded up, and its end is known", { skip }, async (t) => {
  const { modal, bot, settings, sandboxes } = await openBench(t);
  const clock = handWoundClock(1_800_000_000_000);
  const wanted = settings({ lifetimeMs: 3_599_001, idleTimeoutMs: 600_500, keepsFilesMs: 86_399_100 });
  const provider = bot({ clock, settings: wanted });
  const sandbox = await provider.start("first", FRESH);
  const { timeoutSecs, idleTimeoutSecs } = sandboxes()[0]?.definition ?? {};
  assert.deepEqual({ timeoutSecs, idleTimeoutSecs }, { timeoutSecs: 3600, idleTimeoutSecs: 601 });
  assert.equal(sandbox.endsAt, 1_800_003_600_000);
  assert.equal(provider.keepsFilesMs, 86_400_000);
  const before = Date.now();
  const token = await provider.snapshot("first");
  const left = (modal.images().find(({ id }) => id === token)?.expiresAt ?? 0) - before;
  assert.ok(left >= 86_400_000 && left < 86_460_000, `${left}`);
  // A bot with another configuration still knows when this one ends.
  assert.equal((await bot({ clock }).find("first"))?.endsAt, 1_800_003_600_000);
});

test("files that are to be kept for ever are asked for without an end", { skip }, async (t) => {
  const { modal, bot, settings } = await openBench(t);
  const provider = bot({ settings: settings({ keepsFilesMs: null }) });
  await provider.start("first", FRESH);
  const token = await provider.snapshot("first");
  assert.equal(provider.keepsFilesMs, null);
  assert.equal(modal.images().find(({ id }) => id === token)?.expiresAt, null);
});

test("it is told from others by tags, and has the size and the place that was asked for", { skip }, async (t) => {
  const { bot, settings, sandboxes } = await openBench(t);
  const clock = handWoundClock(1_800_000_000_000);
  await bot({ clock, settings: settings({ cpu: 1.5, memoryMiB: 2048, regions: ["eu"] }) }).start("first", FRESH);
  const [sandbox] = sandboxes();
  const since = "1800000000000";
  assert.deepEqual(sandbox?.tags, { threadbox: "this-bot", name: "first", since, ends: "1800003600000" });
  assert.deepEqual(sandbox.entrypoint, ["/threadbox/bin/supervise", since]);
  const { resources, schedulerPlacement, openPorts } = sandbox.definition;
  assert.equal(resources?.milliCpu, 1500);
  assert.equal(resources?.memoryMb, 2048);
  assert.deepEqual(schedulerPlacement?.regions, ["eu"]);
  assert.deepEqual(
    openPorts?.ports.map(({ port, unencrypted }) => ({ port, unencrypted })),
    [{ port: 8787, unencrypted: false }],
  );
});

const OPEN: NetworkSettings = { block: false, cidrs: null, domains: null };
const BLOCKED = { networkAccessType: 3, allowedCidrs: [], allowedDomains: [] };
const networks: [name: string, network: Partial<NetworkSettings>, expected: object][] = [
  ["everything can be reached", {}, { networkAccessType: 1, allowedCidrs: [], allowedDomains: [] }],
  ["nothing can be reached, and the tunnel still leads in", { block: true }, BLOCKED],
  ["some addresses", { cidrs: ["10.0.0.0/8"] }, { ...BLOCKED, allowedCidrs: ["10.0.0.0/8"] }],
  ["some domains", { domains: ["*.github.com"] }, { ...BLOCKED, allowedDomains: ["*.github.com"] }],
];
for (const [name, network, expected] of networks)
  test(`network: ${name}`, { skip }, async (t) => {
    const { bot, settings, sandboxes } = await openBench(t);
    await bot({ settings: settings({ network: { ...OPEN, ...network } }) }).start("first", FRESH);
    const { networkAccess, openPorts } = sandboxes()[0]?.definition ?? {};
    assert.deepEqual({ ...networkAccess }, expected);
    assert.equal(openPorts?.ports.length, 1);
  });

test("a repository's volumes are there at every start, and the agent can write what is not read-only", {
  skip,
}, async (t) => {
  const { bot, settings, sandboxes } = await openBench(t);
  const volumes = [
    { name: "cache", path: "/data", readOnly: false },
    { name: "fixtures", path: "/fixtures", readOnly: true },
  ];
  const provider = bot({ settings: settings({}, { repositories: { web: { ...plainRepository, volumes } } }) });
  const first = await provider.start("first", { from: null, repository: "web" });
  assert.deepEqual(sandboxes()[0]?.volumes, {
    "/data": { name: "cache", readOnly: false },
    "/fixtures": { name: "fixtures", readOnly: true },
  });
  assert.equal(await (await first.exec(["sh", "-c", "echo kept >/data/notes.txt"])).exitCode, 0);
  await provider.start("other", { from: null, repository: "docs" });
  assert.deepEqual(sandboxes()[1]?.volumes, {});
  const second = await provider.start("second", { from: null, repository: "web" });
  assert.equal(await second.tail("/data/notes.txt", 100), "kept\n");
});

test("a repository's buckets are mounted with their secret", { skip }, async (t) => {
  const { modal, bot, settings, sandboxes } = await openBench(t);
  modal.createSecret("bucket-keys", { AWS_ACCESS_KEY_ID: "id" });
  const bucket = {
    bucket: "assets",
    path: "/assets",
    secret: "bucket-keys",
    prefix: "web/",
    readOnly: true,
    endpoint: null,
  };
  const repositories = { web: { ...plainRepository, buckets: [bucket] } };
  await bot({ settings: settings({}, { repositories }) }).start("first", { from: null, repository: "web" });
  assert.deepEqual(sandboxes()[0]?.buckets, { "/assets": { bucket: "assets", readOnly: true, keyPrefix: "web/" } });
  assert.notEqual(sandboxes()[0]?.definition.cloudBucketMounts[0]?.credentialsSecretId, "");
});

test("secrets are in the environment of every process, and an unknown one is told by its name", { skip }, async (t) => {
  const { modal, bot, settings } = await openBench(t);
  modal.createSecret("registry", { NPM_TOKEN: "npm-secret" });
  const provider = bot({ settings: settings({ secrets: ["registry"] }) });
  const { stdout } = await (await provider.start("first", FRESH)).exec(["sh", "-c", 'echo "$NPM_TOKEN"']);
  assert.equal(await new Response(stdout).text(), "npm-secret\n");
  const mistaken = bot({ settings: settings({ secrets: ["regsitry"] }) });
  await assert.rejects(mistaken.start("second", FRESH), isCode("config.invalid", /no secret regsitry/));
});

test("the model's keys can be kept outside: the sandbox gets words that mean nothing", { skip }, async (t) => {
  const { bot, settings, sandboxes } = await openBench(t);
  const models = { anthropicApiKey: "sk-ant-1", openaiApiKey: "sk-2", openaiBaseUrl: "https://models.example.com/v1" };
  await bot({ models, settings: settings({ keepTokensOutside: true }) }).start("first", FRESH);
  const [sandbox] = sandboxes();
  const replaced = sandbox?.definition.experimentalOutboundPolicy?.headerReplacements ?? [];
  assert.deepEqual(
    replaced.map(({ domain, headers }) => ({ domain, headers })),
    [
      { domain: "api.anthropic.com", headers: { "x-api-key": "$ANTHROPIC_API_KEY" } },
      { domain: "models.example.com", headers: { Authorization: "Bearer $OPENAI_API_KEY" } },
    ],
  );
  assert.ok(replaced.every(({ secretId }) => secretId.startsWith("st-")));
  assert.ok(!JSON.stringify(sandbox?.env).includes("sk-"));
  assert.deepEqual(placeholderModels(models), {
    anthropicApiKey: "kept-outside-of-the-sandbox",
    openaiApiKey: "kept-outside-of-the-sandbox",
    openaiBaseUrl: "https://models.example.com/v1",
  });
  assert.deepEqual(placeholderModels({ anthropicBaseUrl: "https://x" }), { anthropicBaseUrl: "https://x" });
});

const refused: [name: string, network: Partial<NetworkSettings>, models: ModelKeys, detail: RegExp][] = [
  ["with a blocked network", { block: true }, {}, /network\.block/],
  ["with a list of domains", { domains: ["x.com"] }, {}, /network\.domains/],
  ["without TLS", {}, { anthropicBaseUrl: "http://models.example.com" }, /ANTHROPIC_BASE_URL/],
];
for (const [name, network, models, detail] of refused)
  test(`keeping keys outside is refused ${name}`, { skip }, async (t) => {
    const { bot, settings } = await openBench(t);
    const provider = bot({
      models: { anthropicApiKey: "sk-ant-1", ...models },
      settings: settings({ network: { ...OPEN, ...network }, keepTokensOutside: true }),
    });
    await assert.rejects(provider.start("first", FRESH), isCode("config.invalid", detail));
  });

test("what Modal does not accept is told in its words", { skip }, async (t) => {
  const { bot, settings } = await openBench(t);
  const provider = bot({ settings: settings({ lifetimeMs: 25 * 3_600_000 }) });
  await assert.rejects(provider.start("first", FRESH), isCode("config.invalid", /at most 24 hours/));
});

test("over a connect token a person is warned of what is not known about idle sandboxes", { skip }, async (t) => {
  const { bot, settings } = await openBench(t);
  assert.equal(await bot().warning(), null);
  const warning = await bot({ settings: settings({ reach: "connect-token" }) }).warning();
  assert.match(warning ?? "", /modal\.idleMinutes.*after 10 minutes/);
});
