import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
before(async () => {
  channel = await startSlackChannel(["ada"], { scripts: [takesForEver] });
});
after(() => channel.stop());

test("a stop that comes while the database's news do not reach the bot stops the turn all the same", async () => {
  const { slack, world, ours } = channel;
  const thread = channel.mentions("take your time");
  await channel.isAt(/sleep 600/);
  // The bot listens again half a second later; what is told meanwhile it never hears.
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'threadbox-listen' and datname = current_database()`.execute(world.bot.store.db);
  slack.as("ada").says("#web", "stop", { thread });
  await channel.everything();
  assert.match(ours(thread).at(-1)?.seen ?? "", /Stopped by ada/);
});
