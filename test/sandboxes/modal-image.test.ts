/** The image of every sandbox: which layers it has, when they are built, and what is told when one fails. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AT_MODAL, installationsOf } from "../../src/agent-packages.ts";
import { layersOf } from "../../src/sandboxes/modal-image.ts";
import { PI_ALONE, toAgents } from "../../src/team-agents.ts";
import { handWoundClock } from "../clock.ts";
import { daemonOf, isCode, noMachines, openBench } from "./modal-bench.ts";

const skip = noMachines ?? false;
const FRESH = { from: null };
const image = { base: "node:22-bookworm-slim", packages: [], commands: [], env: {} };

const pi = installationsOf(PI_ALONE, AT_MODAL);
const npm = "RUN npm install -g --ignore-scripts";

describe("its layers", () => {
  const agents = pi;

  test("what seldom changes comes first, then the agents, the daemon last", async () => {
    const settings = { ...image, packages: ["jq"], commands: ["make tools", "make more"], env: { TZ: "UTC" } };
    const layers = layersOf({ settings, agents }, await daemonOf("daemon")());
    const begins = layers.map(({ lines: [line = ""] }) => line.split(" ").slice(0, 5).join(" "));
    assert.deepEqual(begins.slice(3, -1), ['ENV TZ="UTC"', "RUN make tools", "RUN make more", npm]);
    assert.equal(layers.length, 8);
    assert.match(layers[1]?.lines.join("") ?? "", /apt-get install .* 'jq'/);
    assert.match(layers.at(-1)?.lines.at(-1) ?? "", /daemon\.mjs/);
  });

  test("each agent has one, with exact versions and its program on the PATH; another agent changes none of the others", async () => {
    const daemon = await daemonOf("daemon")();
    const settings = { ...image, commands: ["make tools"] };
    const of = (listed: Parameters<typeof toAgents>[0]) =>
      layersOf({ settings, agents: installationsOf(toAgents(listed), AT_MODAL) }, daemon);
    const gemini = {
      name: "gemini",
      kind: "acp" as const,
      command: ["gemini", "--acp"],
      packages: ["@google/gemini-cli@0.61.0"],
    };
    const own = { name: "own", kind: "acp" as const, command: ["/opt/own/agent"] };
    const inRepository = { name: "ours", kind: "acp" as const, command: ["./tools/agent"] };
    const few = [{ name: "pi" }, { name: "claude" }];
    const more: Parameters<typeof toAgents>[0] = [
      ...few,
      { name: "opencode" },
      { name: "codex", version: "0.168.0" },
      gemini,
      own,
      inRepository,
    ];
    const layers = of(more);
    const clean = "npm cache clean --force";
    const link = (file: string, program: string) => `ln -sf "$(npm root -g)"/'${file}' '/usr/local/bin/${program}'`;
    const missing = (program: string) => `command -v '${program}' || { echo 'There is no ${program}.'; exit 1; }`;
    assert.deepEqual(
      layers.slice(3, -1).map(({ called, lines }) => [called, ...lines]),
      [
        [
          "the agent pi: @earendil-works/pi-coding-agent@0.87.1",
          `${npm} '@earendil-works/pi-coding-agent@0.87.1' && ${clean} && 'pi' --version`,
        ],
        [
          "the agent claude: @anthropic-ai/claude-code-linux-x64@2.1.329",
          `${npm} '@anthropic-ai/claude-code-linux-x64@2.1.329' && ${clean} && ` +
            `${link("@anthropic-ai/claude-code-linux-x64/claude", "claude")} && 'claude' --version`,
        ],
        [
          "the agent opencode: opencode-linux-x64@1.18.33",
          `${npm} 'opencode-linux-x64@1.18.33' && ${clean} && ` +
            `${link("opencode-linux-x64/bin/opencode", "opencode")} && 'opencode' --version`,
        ],
        ["the agent codex: @openai/codex@0.168.0", `${npm} '@openai/codex@0.168.0' && ${clean} && 'codex' --version`],
        [
          "the agent gemini: @google/gemini-cli@0.61.0",
          `${npm} '@google/gemini-cli@0.61.0' && ${clean} && ${missing("gemini")}`,
        ],
        ["the agent own: /opt/own/agent", `RUN ${missing("/opt/own/agent")}`],
      ],
    );
    assert.deepEqual(of(few).slice(0, 5), layers.slice(0, 5));
  });

  test("no line is longer than the kernel takes, however large the daemon", async () => {
    const noise = Array.from({ length: 200_000 }, (_, at) => Math.imul(at, 2_654_435_761) >>> 0).join();
    const layers = layersOf({ settings: image, agents }, await daemonOf(noise)());
    const longest = Math.max(...layers.flatMap(({ lines }) => lines).map(({ length }) => length));
    assert.ok(longest < 100_000, `${longest}`);
    assert.ok((layers.at(-1)?.lines.length ?? 0) > 5);
  });

  test("values of the environment arrive as they are", async () => {
    const settings = { ...image, env: { GREETING: 'say "hi" to \\ and $HOME' } };
    const [line] = layersOf({ settings, agents }, await daemonOf("daemon")())[2]?.lines ?? [];
    assert.equal(line, 'ENV GREETING="say \\"hi\\" to \\\\ and \\$HOME"');
  });
});

test("it has what a team adds, for commands and for the agent", { skip }, async (t) => {
  const { bot, settings } = await openBench(t);
  const own = { ...image, commands: ['echo "made for $TEAM" >/etc/made'], env: { TEAM: "web shop" } };
  const sandbox = await bot({ settings: settings({}, { image: own }) }).start("first", FRESH);
  const { stdout } = await sandbox.exec(["sh", "-c", 'cat /etc/made; echo "$TEAM"; id -un; pi --version']);
  assert.equal(await new Response(stdout).text(), "made for web shop\nweb shop\nagent\n0.87.1\n");
});

test("it has the agents that the team lists, also those whose package tells npm nothing of a program", {
  skip,
}, async (t) => {
  const { bot } = await openBench(t);
  const platform = { agent: "esbuild", packages: ["@esbuild/linux-x64@0.28.2"], program: "esbuild", version: "0.28.2" };
  const agents = [...pi, { ...platform, file: "@esbuild/linux-x64/bin/esbuild" }];
  const sandbox = await bot({ agents }).start("first", FRESH);
  const { stdout } = await sandbox.exec(["sh", "-c", "pi --version; esbuild --version; command -v esbuild"]);
  assert.equal(await new Response(stdout).text(), "0.87.1\n0.28.2\n/usr/local/bin/esbuild\n");
});

test("an agent that is not there when its layer is done fails the build, and not somebody's turn", {
  skip,
}, async (t) => {
  const { bot } = await openBench(t);
  const lost = { agent: "own", packages: [], program: "own-agent", version: null, file: null };
  const told = /^The image fails at the agent own: own-agent\n.*There is no own-agent\.$/s;
  await assert.rejects(bot({ agents: [...pi, lost] }).start("first", FRESH), isCode("sandbox.image-failed", told));
});

test("it is built once for starts at the same time, and not at all for one that wakes", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot({ daemon: daemonOf("// once\n") });
  await Promise.all(["one", "two", "three"].map((name) => provider.start(name, FRESH)));
  assert.equal(modal.calls.filter((rpc) => rpc === "ImageJoinStreaming").length, 1);
  const token = await provider.sleep("one");
  modal.forgetCalls();
  await bot({ daemon: daemonOf("// another\n") }).start("one", { from: token });
  assert.equal(modal.calls.filter((rpc) => rpc === "ImageGetOrCreate").length, 0);
});

test("a build that fails is told with the end of its log, and the next start tries again", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const provider = bot({ daemon: daemonOf("// unlucky\n") });
  const log = Array.from({ length: 50 }, (_, at) => `line ${at + 1}\n`).join("");
  modal.faults.nextBuild({ exitcode: 2, exception: "the disk is full", log });
  await assert.rejects(provider.start("first", FRESH), (error) => {
    isCode("sandbox.image-failed", /the disk is full/)(error);
    const lines = String(Object(error).detail).split("\n");
    assert.deepEqual(lines.slice(-30), log.trim().split("\n").slice(-30));
    assert.equal(lines[0], "The image fails at Threadbox's daemon");
    assert.equal(lines.length, 32);
    return true;
  });
  assert.equal((await provider.start("first", FRESH)).name, "first");
});

test("a command of the team's that fails is told with which one it is and what it said", { skip }, async (t) => {
  const { bot, settings } = await openBench(t);
  const own = { ...image, commands: ["echo fine", "echo nothing to make; exit 3", "echo never"] };
  const failing = bot({ settings: settings({}, { image: own }) }).start("first", FRESH);
  const told =
    /^The image fails at commands 2 of 3: `echo nothing to make; exit 3`\n.*exit code 3.*\nnothing to make$/s;
  await assert.rejects(failing, isCode("sandbox.image-failed", told));
  await assert.rejects(failing, (error) => !Object(error).detail.includes("fine"));
});

test("those who wait for it hear which layer is built and what that says, and of nothing that is there already", {
  skip,
}, async (t) => {
  const { bot, settings } = await openBench(t);
  const daemon = daemonOf("// told\n");
  const told = async (commands: string[]) => {
    const heard: string[] = [];
    const progress = { step: (text: string) => heard.push(`· ${text}`), said: (line: string) => heard.push(line) };
    const own = settings({}, { image: { ...image, commands } });
    await bot({ daemon, settings: own }).start(`number-${commands.length}`, { from: null, progress });
    return heard.filter((line) => line.startsWith("· ") || line === "told twice");
  };
  await told(["echo told once"]);
  const both = ["echo told once", 'echo "told" "twice"'];
  assert.deepEqual(await told(both), [
    '· building the image, 4 of 6: commands 2 of 2: `echo "told" "twice"`',
    "told twice",
    "· building the image, 5 of 6: the agent pi: @earendil-works/pi-coding-agent@0.87.1",
    "· building the image, 6 of 6: Threadbox's daemon",
    "· starting the sandbox",
  ]);
  assert.deepEqual(await told(both), ["· starting the sandbox"]);
});

test("a build that never ends is given up", { skip }, async (t) => {
  const { modal, bot } = await openBench(t);
  const clock = handWoundClock();
  const hanging = modal.faults.next("ImageJoinStreaming", { kind: "hang" });
  const starting = bot({ clock, daemon: daemonOf("// endless\n") }).start("first", FRESH);
  void hanging.met.then(() => clock.advance(30 * 60_000));
  await assert.rejects(starting, isCode("sandbox.unavailable", /did not build the image within 1800 s/));
  hanging.release();
});
