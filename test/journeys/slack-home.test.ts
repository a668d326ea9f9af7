/** App Home, from opening it to stopping a turn in it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { takesForEver } from "./scripts.ts";
import { type SlackChannel, startSlackChannel } from "./slack-channel.ts";

let channel: SlackChannel;
before(async () => {
  channel = await startSlackChannel(["ada", "grace", { name: "root", kind: "admin" }], { scripts: [takesForEver] });
});
after(() => channel.stop());

/** What stands on somebody's page after they have done that. */
async function homeOf(who: string, after: Promise<unknown>): Promise<string> {
  const before = channel.slack.home(who);
  await after;
  await channel.slack.until(() => channel.slack.home(who) !== before);
  return JSON.stringify(channel.slack.home(who));
}
const opened = (who: string): Promise<string> => homeOf(who, channel.slack.as(who).opensHome().delivered);

test("#46 shows my running turns with Stop and my last ones, and nobody else's", async () => {
  const { slack } = channel;
  assert.match(await opened("ada"), /Nothing of yours is running.*None yet/);
  slack.addChannel({ name: "den", kind: "private", members: ["ada"] });
  const { message } = slack.as("ada").says("#den", `<@${slack.app.botUserId}> take your time with the secret`);
  await channel.isAt(/sleep 600/);
  const home = await opened("ada");
  assert.match(home, /take your time with the secret/);
  assert.match(home, new RegExp(`${channel.world.remote.repository.name}.*threadbox/take-time-secret`));
  assert.match(home, new RegExp(`archives/${message.channel}/p${message.ts.replace(".", "")}\\|thread`));
  assert.doesNotMatch(await opened("grace"), /secret|This workspace/);

  const admin = await opened("root");
  assert.match(admin, /This workspace.*\*Today\*: 1 turn/);
  assert.match(admin, new RegExp(`<@${slack.person("ada").id}> · <#${message.channel}>`));
  // Of a private channel and of others, an admin reads no words.
  assert.doesNotMatch(admin, /take your time|den"/);

  const [stop] = await slack.as("ada").atHome("Stop").delivered;
  assert.equal(stop?.acknowledged, true);
  await channel.everything();
  const said = slack.thread("#den", message).replies();
  assert.match(said.at(-1)?.seen ?? "", /Stopped by .*ada/);
  const count = said.length;
  // The same old page once more: that turn is over, and nothing is said about it.
  const over = await homeOf("ada", slack.as("ada").atHome("Stop").delivered);
  await channel.everything();
  assert.equal(slack.thread("#den", message).replies().length, count);
  assert.match(over, /Nothing of yours is running.*Stopped.*take your time with the secret/);
});

test("#46 an admin of the workspace can stop what others have running", async () => {
  const { slack } = channel;
  const root = channel.mentions("take your time");
  await channel.isAt(/sleep 600/);
  await opened("root");
  await slack.as("root").atHome("Stop").delivered;
  await channel.everything();
  assert.match(channel.ours(root).at(-1)?.seen ?? "", /Stopped by .*root/);
});
