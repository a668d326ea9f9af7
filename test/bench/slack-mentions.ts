/** A Slack with threads and mentions in them, whose events were made by the emulator and wait to be sent. */
import { startSlack } from "../emulators/slack.ts";
import { startBotProcess } from "./bot.ts";
import { type Bench, type BenchDatabase, openSink } from "./ground.ts";
import { check, checkEqual } from "./measure.ts";
import { botAnswers, echoAnswers, type Mentions, type MentionsWish, spreadOver } from "./mentions.ts";

/** `app_mention` alone: what the bot itself says comes back as no event, so that the rate is the rate. */
const EVENTS = ["app_mention"];

export async function slackMentions({ ground }: Bench, database: BenchDatabase, wish: MentionsWish): Promise<Mentions> {
  const slack = await startSlack({
    people: ["ada"],
    channels: [{ name: "web", members: ["ada"] }],
    app: { events: EVENTS },
    deliverRetry: "never",
  });
  const sink = await openSink();
  slack.deliverTo(sink.url);
  const ada = slack.as("ada");
  const roots = Array.from({ length: wish.threads }, (_, n) => ada.says("#web", `thread ${n}`).message.ts);
  const asked = new Map<string, number>();
  for (const n of spreadOver(wish.threads, wish.mentions)) {
    const thread = roots[n] ?? "";
    asked.set(thread, (asked.get(thread) ?? 0) + 1);
    await ada.says("#web", `<@${slack.app.botUserId}> status`, { thread }).delivered;
  }
  const events = slack.deliveries.filter((delivery) => delivery.type === "app_mention");
  const parcels = events.map(({ payload }) => ({
    headers: { "content-type": "application/json", "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)" },
    body: JSON.stringify(payload),
  }));
  slack.deliverTo(undefined);
  await sink.close();
  return {
    threads: wish.threads,
    parcels,
    slackSecret: slack.app.signingSecret,
    async startBot() {
      const variables = {
        ...slack.environment,
      };
      return botAnswers(await startBotProcess(ground, database, { variables }), "/slack/events", database);
    },
    startEcho() {
      const { botToken: token, signingSecret } = slack.app;
      return echoAnswers((echo) => echo.ask("slack", { token, signingSecret, apiUrl: slack.apiUrl }));
    },
    proveAnswered() {
      for (const [thread, times] of asked) {
        const ours = slack
          .thread("#web", thread)
          .replies()
          .filter(({ message }) => message.author === slack.app.botUserId);
        checkEqual(ours.length, times, `answers in the thread ${thread}`);
        for (const { seen } of ours) check(seen.includes("Nothing is running"), `this is no answer: ${seen}`);
      }
    },
    close: () => slack.close(),
  };
}
