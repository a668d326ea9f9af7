/** The doctor with sandboxes at Modal: Modal is an emulator, asked by the real SDK. No machine is started. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { Finding } from "../../src/cli/doctor-finding.ts";
import { checkModalProvider } from "../../src/cli/doctor-modal.ts";
import { readConfig } from "../../src/config.ts";
import { readTeamSettings } from "../../src/repositories.ts";
import { type ModalEmulator, modalEmulator } from "../emulators/modal.ts";
import { quiet } from "../quiet.ts";
import { documentOf, type Env, newFolder } from "./threadbox.ts";

const folder = newFolder();
let modal: ModalEmulator;
before(async () => {
  modal = await modalEmulator();
});
after(async () => {
  await modal.close();
  await folder.remove();
});
afterEach(() => {
  rmSync(join(folder.path, "threadbox.yml"), { force: true });
  modal.forgetCalls();
});

async function doctor(yaml: string, env: Env): Promise<{ code: number | null; checks: Finding[]; shown: string }> {
  writeFileSync(join(folder.path, "threadbox.yml"), yaml);
  const ran = await folder.run(["doctor", "--json"], { PORT: "0", ...env });
  const { checks } = documentOf(ran) as { checks: Finding[] };
  return {
    code: ran.code,
    checks: checks.filter(({ what }) => /^(?:Modal|MODAL|sandboxes|agent)/.test(what)),
    shown: ran.stdout + ran.stderr,
  };
}

/** Its part about Modal alone, without a process of its own. */
function checks(yaml: string, env: Env): Promise<Finding[]> {
  const path = join(folder.path, "threadbox.yml");
  writeFileSync(path, yaml);
  return checkModalProvider({ config: readConfig(env), team: readTeamSettings(path), log: quiet });
}

const atModal = (): Env => ({ THREADBOX_PROVIDER: "modal", ...modal.environment });

describe("the doctor, with sandboxes at Modal", () => {
  test("says that the token is taken and what sandboxes are made of, and makes nothing there", async () => {
    const { code, checks: found } = await doctor(
      "modal: { app: builds, cpu: 2, regions: [eu] }\nimage: { packages: [jq, fd-find] }",
      atModal(),
    );
    assert.deepEqual(found, [
      {
        what: "Modal",
        state: "ok",
        detail: "takes the token; App builds is made with the first sandbox; client 0.11.1",
      },
      { what: "Modal image", state: "ok", detail: "node:22-bookworm-slim, 2 packages" },
      {
        what: "Modal sandboxes",
        state: "ok",
        detail: "2 cores, eu, by tunnel; end after 24 h, or 60 min without use; files are kept for 30 days",
      },
      {
        what: "Modal network",
        state: "warn",
        detail: "The demo repository is on this machine, where a sandbox at Modal cannot reach it.",
        remedy: "List a repository of yours in threadbox.yml.",
      },
      { what: "agent pi", state: "ok", detail: "0.87.1, which the image has" },
    ]);
    assert.equal(code, 0);
    assert.deepEqual(modal.calls, ["AuthTokenGet", "AppGetOrCreate"]);
    assert.deepEqual(modal.sandboxes(), []);
    const [again] = await checks("modal: { app: builds }", atModal());
    assert.match(again?.detail ?? "", /App builds is made with the first sandbox/);
  });

  test("says which agents the image has", async () => {
    const gemini = "{ name: gemini, kind: acp, command: [gemini, --acp], packages: ['@google/gemini-cli@0.61.0'] }";
    const own = "{ name: own, kind: acp, command: [own-agent] }";
    const { checks: found } = await doctor(`agents: [{ name: claude }, ${gemini}, ${own}]`, atModal());
    assert.deepEqual(
      found.filter(({ what }) => what.startsWith("agent")).map(({ what, state, detail }) => [what, state, detail]),
      [
        ["agent claude", "ok", "2.1.329, which the image has"],
        ["agent gemini", "ok", "0.61.0, which the image has"],
        ["agent own", "ok", "own-agent, which the image has"],
      ],
    );
  });

  test("names the tokens that are missing, and says nothing of what it could not ask without them", async () => {
    const { code, checks: found } = await doctor("repositories: []", { THREADBOX_PROVIDER: "modal" });
    const remedy =
      "needed with THREADBOX_PROVIDER=modal; make one at modal.com/settings/tokens or with `modal token new`";
    const notAsked = { state: "skip", detail: "not asked: its variables are wrong" };
    assert.deepEqual(found, [
      { what: "MODAL_TOKEN_ID", state: "fail", detail: "It is missing.", remedy },
      { what: "MODAL_TOKEN_SECRET", state: "fail", detail: "It is missing.", remedy },
      { what: "sandboxes", ...notAsked },
      { what: "Modal", ...notAsked },
      { what: "agents", ...notAsked },
    ]);
    assert.equal(code, 1);
  });

  test("leaves this machine's walls and agent alone when they are what is used, whatever Modal's variables say", async () => {
    const { checks: found } = await doctor("", { MODAL_TOKEN_ID: "as-1" });
    assert.deepEqual(
      found.map(({ what, state }) => [what, state === "skip"]),
      [
        ["MODAL_TOKEN_ID", false],
        ["sandboxes", false],
        ["Modal", true],
        ["agent pi", false],
      ],
    );
  });

  test("names the secrets that nobody has made, with how to make them", async () => {
    modal.createSecret("registry", { NPM_TOKEN: "hush" });
    modal.createSecret("elsewhere", { NPM_TOKEN: "hush" }, "staging");
    const buckets =
      "buckets: [{ bucket: b, path: /data, secret: reader }, { bucket: c, path: /more, secret: registry }]";
    const found = await checks(
      `modal: { secrets: [registry, elsewhere] }\nrepositories: [{ name: a/b, ${buckets} }]`,
      atModal(),
    );
    const missing = (name: string) => ({
      what: "Modal secret",
      state: "fail",
      detail: `There is no ${name}.`,
      remedy: `Make it: modal secret create ${name} NAME=value; or take it out of threadbox.yml.`,
    });
    const ofSecrets = found.filter(({ what }) => what.startsWith("Modal secret"));
    const there = { what: "Modal secrets", state: "ok", detail: "registry" };
    assert.deepEqual(ofSecrets, [there, missing("elsewhere"), missing("reader")]);
    const staged = await checks("modal: { environment: staging, secrets: [registry, elsewhere] }", atModal());
    assert.deepEqual(
      staged.filter(({ state }) => state === "fail").map(({ detail, remedy }) => [detail, remedy?.split(";")[0]]),
      [
        [
          "There is no registry in environment staging.",
          "Make it: modal secret create --env staging registry NAME=value",
        ],
      ],
    );
  });

  test("says nothing of what a threadbox.yml that cannot be read might say", async () => {
    const { checks: found } = await doctor("modal: { reach: by-foot }", atModal());
    assert.deepEqual(
      found.map(({ what, state, detail }) => [what, state, detail]),
      [
        ["Modal", "ok", "takes the token; client 0.11.1"],
        ["Modal sandboxes", "skip", "not asked: threadbox.yml cannot be read"],
        ["agents", "skip", "not asked: threadbox.yml cannot be read"],
      ],
    );
  });

  test("tells a refused token from a Modal that does not answer", async () => {
    const refused = await doctor("", { ...atModal(), MODAL_TOKEN_SECRET: "as-wrong" });
    assert.equal(refused.code, 1);
    assert.equal(refused.checks[0]?.state, "fail");
    assert.match(refused.checks[0]?.remedy ?? "", /^Make a new token/);
    assert.doesNotMatch(refused.shown, /as-wrong/);
    const [silent] = await checks("", { ...atModal(), MODAL_SERVER_URL: "http://127.0.0.1:1" });
    assert.equal(silent?.state, "fail");
    assert.match(silent?.detail ?? "", /ECONNREFUSED/);
    assert.equal(silent?.remedy, "Check the network, and MODAL_SERVER_URL if you set it.");
  });

  const github = "repositories: [{ name: acme/api }]\n";
  const missing = (host: string) => `${host} is needed, and not among modal.network.domains.`;
  const away = (name: string) => `${name} points to this machine, which a sandbox at Modal cannot reach.`;
  const warnings: [string, string, Env, string[]][] = [
    [
      "names that the network has to let through",
      `${github}modal: { network: { domains: ["*.github.com", registry.npmjs.org] } }`,
      { ANTHROPIC_API_KEY: "key" },
      [missing("api.anthropic.com"), missing("github.com")],
    ],
    [
      "nothing where all of them are let through",
      `${github}modal: { network: { domains: [github.com, "*.anthropic.com"] } }`,
      { ANTHROPIC_API_KEY: "key" },
      [],
    ],
    [
      "addresses that only this machine can reach",
      "repositories: [{ name: a/b, url: 'http://localhost:4000/b.git' }]",
      { OPENAI_BASE_URL: "http://127.0.0.1:4000/v1" },
      [away("OPENAI_BASE_URL"), away("a/b")],
    ],
    [
      "that a blocked sandbox can do nothing",
      `${github}modal: { network: { block: true } }`,
      { ANTHROPIC_API_KEY: "key" },
      ["Everything is blocked: a sandbox reaches no model and no git."],
    ],
    [
      "what is experimental",
      `${github}modal: { keepTokensOutside: true }`,
      {},
      ["Keys are put into requests outside of the sandbox, which is experimental at Modal."],
    ],
  ];
  for (const [name, yaml, env, details] of warnings)
    test(`warns of ${name}`, async () => {
      const told = (await checks(yaml, { ...atModal(), ...env })).filter(({ what }) => what === "Modal network");
      assert.deepEqual(
        told.map(({ state, detail }) => [state, detail]),
        details.map((detail) => ["warn", detail]),
      );
    });

  test("warns of a turn that is longer than what Modal may take for idle", async () => {
    const remedies = async (yaml: string) =>
      (await checks(`repositories: [{ name: a/b }]\n${yaml}`, atModal())).flatMap(({ remedy = [] }) => remedy);
    assert.deepEqual(await remedies("modal: { reach: connect-token }"), [
      "Make modal.idleMinutes as long as limits.turnMinutes.",
    ]);
    assert.deepEqual(await remedies("modal: { reach: connect-token, idleMinutes: 90 }"), []);
  });

  test("says what waits and is paid for", async () => {
    const found = await checks("repositories: [{ name: a/b, warm: 2 }, { name: a/c, warm: 1 }]", atModal());
    assert.equal(found.at(-1)?.detail, "3 sandboxes kept running for the next mention, and paid for");
  });

  test("without Modal says which mounts are not there", async () => {
    const yaml = "repositories: [{ name: a/b, volumes: [{ name: cache, path: /data }] }]";
    const [told] = await checks(yaml, { ...modal.environment });
    assert.deepEqual(
      [told?.state, told?.detail],
      ["warn", "Not used, so the volumes and buckets of a/b are not there."],
    );
  });
});
