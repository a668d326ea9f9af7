/** The container as it is written down: nobody builds it here, so what can be read off it is held to what it promises. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseEnv } from "node:util";
import dockerfileUtils from "dockerfile-utils";
import { parse } from "yaml";
import about from "../package.json" with { type: "json" };
import { configProblems, readConfig, VARIABLES } from "../src/config.ts";
import { rowsUnder, textOf, ticked } from "./documents.ts";

const root = join(import.meta.dirname, "..");
const text = textOf("Dockerfile");
/** One instruction a line, comments left out. */
const lines = text
  .replace(/^#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter(Boolean);
const of = (instruction: string): string[] =>
  lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

describe("the Dockerfile", () => {
  test("is one that Docker understands", () => {
    assert.deepEqual(dockerfileUtils.validate(text), []);
    assert.notDeepEqual(dockerfileUtils.validate("FORM node"), []);
  });
  test("starts from one image with a version, whose Node runs the bot", () => {
    const [from = "", ...more] = of("FROM");
    assert.deepEqual(more, []);
    const [, major] = /^node:(\d+)-bookworm-slim$/.exec(from) ?? [];
    assert.equal(major, about.engines.node.replace(/\D*(\d+).*/, "$1"));
  });
  test("runs as somebody who is not root and owns nothing but the data", () => {
    assert.deepEqual(of("USER"), ["node"]);
    assert.ok(lines.indexOf("USER node") < lines.findIndex((line) => line.startsWith("CMD ")));
    assert.ok(of("RUN").every((command) => !command.includes("chown") || command.endsWith("chown node:node /data")));
    assert.deepEqual(of("VOLUME"), ["/data"]);
  });
  test("asks /healthz whether it is well, with the Node that is there", () => {
    const [check = ""] = of("HEALTHCHECK");
    const [program, flag, script = ""] = JSON.parse(check.slice(check.indexOf("["))) as string[];
    assert.deepEqual([program, flag], ["node", "-e"]);
    assert.match(script, /\/healthz/);
    assert.doesNotThrow(() => new Function(script));
  });
  test("copies what the bot is made of, by name, and nothing that could hold a secret", () => {
    assert.deepEqual(of("ADD"), []);
    const copied = of("COPY").flatMap((line) => line.split(" ").slice(0, -1));
    assert.deepEqual(copied.toSorted(), [
      "LICENSE",
      "handlers",
      "manifest.yml",
      "package-lock.json",
      "package.json",
      "src",
    ]);
    for (const path of copied) assert.ok(existsSync(join(root, path)), path);
    const ignored = textOf(".dockerignore")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"));
    assert.deepEqual(ignored, ["*", ...ignored.slice(1)]);
    assert.deepEqual(ignored.slice(1).toSorted(), copied.map((path) => `!${path}`).toSorted());
  });
  test("sets only variables that the bot has, and no secret", () => {
    const set = Object.fromEntries(
      of("ENV")
        .flatMap((line) => line.split(" "))
        .map((pair) => pair.split("=")),
    );
    const { NODE_ENV, ...ours } = set;
    assert.equal(NODE_ENV, "production");
    assert.deepEqual(Object.keys(ours), ["HOST", "PORT", "THREADBOX_HOME"]);
    assert.deepEqual(configProblems(ours), []);
    assert.deepEqual(of("ARG"), []);
  });
  test("starts the bot by its command", () => {
    const command: string[] = JSON.parse(of("CMD").at(-1) ?? "[]");
    assert.deepEqual(command, ["node", "src/cli/main.ts", "start"]);
    assert.equal(about.scripts.start, command.join(" "));
  });
});

test("the example for compose is YAML with a bot that hands over before it is killed", () => {
  const { services } = parse(textOf("compose.example.yml"));
  assert.deepEqual(Object.keys(services), ["bot", "database"]);
  assert.equal(services.bot.init, true);
  assert.ok(Number.parseInt(services.bot.stop_grace_period, 10) > 10);
  const url = services.bot.environment.DATABASE_URL.replace(/\$\{[^}]*\}/, "secret");
  assert.equal(readConfig({ DATABASE_URL: url }).databaseUrl, url);
});

/** What each is, tells whether it is a secret; a new variable has to be put on one side or the other. */
const NO_SECRETS =
  /^(?:PORT|HOST|PUBLIC_URL|THREADBOX_(?!SECRET|AGENT_LOGINS)\w+|LOG_LEVEL|SLACK_API_URL|SLACK_CLIENT_ID|GITHUB_CLIENT_ID|GITHUB_APP_ID|GITHUB_API_URL|GITHUB_URL|MODAL_SERVER_URL|\w+_BASE_URL|OTEL_\w+|METRICS_\w+)$/;

test("docs/operating.md says of every secret how it is changed, and of the key that is in the database", () => {
  const secrets = VARIABLES.filter((name) => !NO_SECRETS.test(name) || name === "METRICS_TOKEN");
  const rows = rowsUnder("secret", textOf("docs/operating.md"));
  const told = rows.flatMap(([name = ""]) => ticked(name));
  assert.deepEqual(told.toSorted(), [...secrets, "daemon-signing-key"].toSorted());
  assert.ok(rows.every((cells) => cells.length === 3 && cells.every(Boolean)));
  assert.ok(Object.keys(parseEnv(textOf(".env.example"))).length > 0);
});
