/** The whole bot in one channel of an emulated Slack, and the few words in which journeys speak of it. */
import { type SlackEmulator, type SlackOptions, startSlack } from "../emulators/slack.ts";
import { startWorld, type World, type WorldOptions } from "../world.ts";

export interface SlackChannel {
  slack: SlackEmulator;
  world: World;
  /** Ada mentions the bot; gives back the ts of her message, which names its thread. */
  mentions(text: string): string;
  /** What the bot posted in a thread, oldest first. */
  ours(ts: string): ReturnType<ReturnType<SlackEmulator["thread"]>["messages"]>;
  /** Resolves when the bot knows that the agent is at it. People see it later, at the pace of Slack. */
  isAt(tool: RegExp): Promise<void>;
  /** Resolves when Slack has delivered everything and the bot has done everything. */
  everything(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** In #web; everybody is a member. */
export async function startSlackChannel(
  people: NonNullable<SlackOptions["people"]>,
  options: WorldOptions,
): Promise<SlackChannel> {
  const members = people.map((person) => (typeof person === "string" ? person : person.name));
  const slack = await startSlack({ people, channels: [{ name: "web", members }] });
  const world = await startWorld({
    ...options,
    variables: {
      ...options.variables,
      ...slack.environment,
    },
  });
  const deliver = () => slack.deliverTo(`${world.url}/slack/events`);
  deliver();
  return {
    slack,
    world,
    mentions: (text) => slack.as("ada").says("#web", `<@${slack.app.botUserId}> ${text}`).message.ts,
    ours: (ts) =>
      slack
        .thread("#web", ts)
        .messages()
        .filter(({ message }) => message.author === slack.app.botUserId),
    isAt: (tool) =>
      world.until(async () => {
        // Of whichever session it is: the last that something happened to may be another one, on its way to sleep.
        const turns = world.bot.store.db.selectFrom("turns").select("progress").where("ended_at", "is", null);
        return (await turns.execute()).some(({ progress }) => tool.test(progress?.now ?? ""));
      }),
    async everything() {
      await slack.settled();
      await world.settled();
    },
    async restart() {
      await world.restart();
      deliver();
    },
    async stop() {
      await world.stop();
      await slack.close();
    },
  };
}
