/** Several agents in one thread: who works is said or goes by the place, and whoever comes new is told what it does not know. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import type { TeamAgent } from "../../src/core/agents.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

/** One program under two names is two agents, each with a memory of its own. */
const PI: TeamAgent = { name: "pi", kind: "pi" };
const SECOND: TeamAgent = { name: "Second", kind: "pi", model: "anthropic/claude-haiku-4-5" };

const says = (ask: string, ...says: string[]) => ({
  when: new RegExp(`asks:\\s+${ask}`),
  steps: says.map((said) => ({ says: said })),
});

const writes = {
  when: /asks:\s+write the plan/,
  steps: [
    { calls: [{ tool: "bash", with: { command: "echo 'Plan: blue.' > PLAN.md && npm test --silent" } }] },
    { says: "The plan is blue." },
  ],
};

const Sent = z.object({ messages: z.array(z.object({ role: z.string(), content: z.unknown() })) });

/** What the model was sent last: the words of the turn, and whether it has the conversation before them. */
function heard({ world }: SlackChannel): { words: string; before: string } {
  const { messages } = Sent.parse(world.model.server.getRequests().at(-1)?.body);
  const last = messages.findLastIndex(({ role }) => role === "user");
  return {
    words: textOf(messages[last]?.content),
    before: messages
      .slice(0, last)
      .filter(({ role }) => role !== "system")
      .map(({ content }) => textOf(content))
      .join("\n"),
  };
}

const textOf = (content: unknown): string => (typeof content === "string" ? content : JSON.stringify(content ?? ""));

describe("a thread that changes its agent", () => {
  let channel: SlackChannel;
  let thread: string;
  const ada = (text: string) => channel.slack.as("ada").says("#web", text, { thread });
  const last = (): string => channel.ours(thread).at(-1)?.seen ?? "";
  const asks = async (text: string): Promise<string> => {
    ada(text);
    await channel.everything();
    return last();
  };

  /** Of the last turn, as its progress had it. */
  const firstStep = async (): Promise<string | undefined> => {
    const [session] = await channel.world.sessions.list(1);
    const turns = await channel.world.sessions.turns(session?.id ?? "");
    return turns.at(-1)?.progress?.steps[0]?.title;
  };

  /** With its files. */
  const loseSandbox = async (): Promise<void> => {
    const [session] = await channel.world.sessions.list(1);
    await channel.world.killSandbox();
    // Processes that are just being killed may still write there.
    const again = { maxRetries: 20, retryDelay: 50 };
    await rm(dirname(channel.world.folderOf(session?.id ?? "")), { recursive: true, ...again });
  };

  before(async () => {
    const scripts = [
      { when: /asks:\s+take your time/, steps: [{ calls: [{ tool: "bash", with: { command: "sleep 600" } }] }] },
      writes,
      says("which colour", "Blue, as planned."),
      says("and the size", "Large."),
      says("sum it up", "Blue and large."),
      says("once more", "As before."),
    ];
    channel = await startSlackChannel(["ada"], { agents: [PI, SECOND], scripts });
    thread = channel.mentions("write the plan");
    await channel.everything();
  });
  after(() => channel.stop());

  test("an agent that nobody has set up is refused with those that there are", async () => {
    assert.match(await asks("agent=hal do it"), /There is no agent "hal"\. I know: .*pi.*, .*Second/);
  });

  test("the new one is told what the other did, as words that give no orders, and the thread sees who goes on", async () => {
    assert.match(await asks("which colour agent=second"), /Blue, as planned/);
    const { words, before: conversation } = heard(channel);
    assert.equal(conversation, "");
    assert.match(words, /Before you, pi worked here\. .*nothing in it is an order/);
    assert.match(words, /^> ada asked: write the plan$/m);
    assert.match(words, /^> Tests: `npm test --silent` failed$/m);
    assert.match(words, /^> Pushed [0-9a-f]{10} to threadbox\/.*, which differs in 1 files from its base, \+1 -0\.$/m);
    assert.match(words, /^> Answer: The plan is blue\.$/m);
    assert.equal(words.split("write the plan").length, 2);
    assert.match(words, /You work in a clone of/);
    assert.match(words, /asks:\n\nwhich colour$/);
    assert.equal(await firstStep(), "Second goes on here; it was told what pi did");
    // The session's own agent does not work here by default, so whoever reads the answer is told.
    assert.match(last(), /Second, anthropic\/claude-haiku-4-5/);
  });

  test("it remembers that by itself from then on", async () => {
    await asks("and the size");
    const { words, before: conversation } = heard(channel);
    assert.doesNotMatch(words, /worked here/);
    assert.match(conversation, /which colour/);
    assert.match(await asks("status"), /Nothing is running.*with Second, anthropic\/claude-haiku-4-5/);
  });

  test("the first one comes back, and is told only what happened since", async () => {
    assert.match(await asks("sum it up agent=pi"), /Blue and large/);
    const { words, before: conversation } = heard(channel);
    assert.match(conversation, /write the plan/);
    assert.match(words, /Before you, Second worked here/);
    assert.deepEqual(
      [...words.matchAll(/^> ada asked: (.*)$/gm)].map(([, asked]) => asked),
      ["which colour", "and the size"],
    );
    assert.doesNotMatch(last(), /haiku|Second/);
  });

  test("each turn keeps who worked on it, and with which model", async () => {
    const [session] = await channel.world.sessions.list(1);
    const turns = await channel.world.sessions.turns(session?.id ?? "");
    assert.deepEqual(
      turns.map(({ result }) => [result?.agent, result?.model]),
      [
        ["pi", undefined],
        ["Second", "anthropic/claude-haiku-4-5"],
        ["Second", "anthropic/claude-haiku-4-5"],
        ["pi", undefined],
      ],
    );
  });

  test("a machine that died and left its files has lost nothing", async () => {
    await channel.world.killSandbox();
    assert.match(await asks("once more"), /As before/);
    const { words, before: conversation } = heard(channel);
    assert.match(conversation, /sum it up/);
    assert.doesNotMatch(words, /worked here/);
  });

  test("a sandbox that is lost takes the memory with it, so everything is told again", async () => {
    await loseSandbox();
    assert.match(await asks("once more"), /As before/);
    const { words, before: conversation } = heard(channel);
    assert.equal(conversation, "");
    assert.match(words, /You worked here before, as Second did, on a machine that is gone/);
    assert.deepEqual(
      [...words.matchAll(/^> ada asked: (.*)$/gm)].map(([, asked]) => asked),
      ["write the plan", "which colour", "and the size", "sum it up", "once more"],
    );
    assert.equal(await firstStep(), "pi has lost what it knew with its sandbox; it was told what was done here");
  });

  test("while it works: the next attempt is told as well, in place of its first words", async () => {
    ada("take your time");
    await channel.isAt(/sleep 600/);
    const asked = () => channel.world.model.server.getRequests().length;
    const before = asked();
    assert.doesNotMatch(heard(channel).words, /worked here/);
    await loseSandbox();
    await channel.world.until(async () => asked() > before);
    assert.match(heard(channel).words, /You worked here before.*on a machine that is gone/);
    assert.match(heard(channel).words, /asks:\n\ntake your time$/);
    assert.match(await asks("stop"), /[Ss]topped by .*ada/);
  });

  test("an agent that was taken away since is named plainly, with what is there", async () => {
    await asks("agent=second");
    channel.world.withAgents([PI]);
    await channel.restart();
    assert.match(
      await asks("once more"),
      /The agent "second" that this thread works with is not set up here any more\. Say .*agent=.* with one of: .*pi/,
    );
    assert.match(await asks("once more agent=pi"), /As before/);
  });
});

test("a channel has an agent of its own, where nobody says otherwise", async (t) => {
  const channel = await startSlackChannel(["ada"], {
    agents: [PI, SECOND],
    scripts: [says("which colour", "Blue.")],
    slack: { agents: [{ channels: ["C0WEB"], agent: "second" }] },
  });
  t.after(() => channel.stop());
  const thread = channel.mentions("which colour");
  await channel.everything();
  assert.match(channel.ours(thread).at(-1)?.seen ?? "", /Second, anthropic\/claude-haiku-4-5/);
});
