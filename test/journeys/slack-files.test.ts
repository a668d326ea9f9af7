import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { Script } from "../../src/cli/scripted-model.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

const bash = (command: string) => ({ calls: [{ tool: "bash", with: { command } }] });

/** What it does with a file, it does where it was told that the file lies. */
const scripts: Script[] = [
  {
    when: /notes into the README/,
    steps: [bash("cat ../attachments/*/2-the-notes.txt >> README.md"), { says: "The notes are in the README." }],
  },
  {
    when: /trace into the README/,
    steps: [bash("cat ../attachments/*-before/1-trace.txt >> README.md"), { says: "The trace is in the README." }],
  },
  {
    when: /take your time/,
    steps: [bash("until [ -e ../attachments/*/1-late.txt ]; do sleep 0.05; done"), { says: "Here I am." }],
  },
  {
    when: /here is the log/,
    steps: [bash("cat ../attachments/*/1-late.txt >> README.md"), { says: "The log is there as well." }],
  },
];

let channel: SlackChannel;
let slack: SlackChannel["slack"];
let world: SlackChannel["world"];

before(async () => {
  channel = await startSlackChannel(["ada", "grace"], { scripts });
  ({ slack, world } = channel);
});
after(() => channel.stop());

const bot = () => `<@${slack.app.botUserId}>`;

/** The sandbox of the newest session, seen from outside. */
async function folder(): Promise<string> {
  const [session] = await world.sessions.list(1);
  return world.folderOf(session?.id ?? "");
}
const run = async (command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args)).stdout;
const inClone = async (...args: string[]) => run("git", "-C", join(await folder(), "calculator"), ...args);

describe("#37 somebody attaches files to what they ask", () => {
  test("and the agent reads them; one that cannot be fetched is named, and the turn goes on", async () => {
    slack.faults.next("url_private", { status: 404 });
    const files = [
      { name: "gone.log", content: "nobody reads this" },
      { name: "the notes.txt", content: "Version two adds.\n" },
      { name: "shot.png", content: Buffer.from([0x89, 0x50]), mimetype: "image/png" },
    ];
    const { message } = slack.as("ada").says("#web", `${bot()} put the notes into the README`, { files });
    await channel.everything();
    assert.match(channel.ours(message.ts).at(-1)?.seen ?? "", /The notes are in the README/);
    assert.match(await inClone("show", "HEAD:README.md"), /^Version two adds\.$/m);
    const [asked] = world.model.server.getRequests();
    const told = JSON.stringify(asked?.body);
    assert.match(told, /> gone\.log \(text\/plain, 17 bytes\): not handed over, Slack answered with status 404/);
    assert.match(told, /> the notes\.txt \(text\/plain, 18 bytes\): \.\.\/attachments\/\w+\/2-the-notes\.txt/);
    assert.match(told, /> shot\.png \(image\/png, 2 bytes\): \.\.\/attachments\/\w+\/3-shot\.png/);
  });

  test("and nothing of them is committed by itself", async () => {
    const committed = (await inClone("ls-tree", "-r", "--name-only", "HEAD")).split("\n");
    assert.deepEqual(
      committed.filter((path) => /attachments|notes|shot/.test(path)),
      [],
    );
    assert.equal(await inClone("status", "--porcelain"), "");
  });

  test("earlier in the thread, by somebody else, and the agent gets those as well", async () => {
    const files = [{ name: "trace.txt", content: "Error: boom\n" }];
    const root = slack.as("grace").says("#web", "it broke again", { files }).message.ts;
    slack.as("ada").says("#web", `${bot()} put the trace into the README`, { thread: root });
    await channel.everything();
    assert.match(await inClone("show", "HEAD:README.md"), /^Error: boom$/m);
  });

  test("while the agent works, and it gets them with what they say", async () => {
    const root = channel.mentions("take your time");
    await channel.isAt(/1-late/);
    slack
      .as("ada")
      .says("#web", "here is the log", { thread: root, files: [{ name: "late.txt", content: "At last.\n" }] });
    await channel.everything();
    assert.match(channel.ours(root).at(-1)?.seen ?? "", /The log is there as well/);
    assert.match(await inClone("show", "HEAD:README.md"), /^At last\.$/m);
  });

  test("without a word, and the agent is asked to look at them", async () => {
    slack.as("ada").says("dm", "", { files: [{ name: "voice.m4a", content: "ftyp", mimetype: "audio/mp4" }] });
    await channel.everything();
    const told = JSON.stringify(world.model.server.getRequests().at(-1)?.body);
    assert.match(told, /Look at the attached files\..*> voice\.m4a \(audio\/mp4, 4 bytes\): /);
  });

  test("and Slack's token is nowhere in the sandbox, nor in what the model hears", async () => {
    const said = JSON.stringify(world.model.server.getRequests().map(({ body }) => body));
    assert.equal(said.includes(slack.app.botToken), false);
    await assert.rejects(run("grep", "-rlF", slack.app.botToken, join(await folder(), "..")), { code: 1 });
  });
});
