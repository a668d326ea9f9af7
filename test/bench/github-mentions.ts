/** A GitHub with issues and mentions in their comments, whose webhooks were made and signed by the emulator and wait to be sent. */
import { systemClock } from "../../src/clock.ts";
import { startGitHub } from "../emulators/github.ts";
import { startBotProcess } from "./bot.ts";
import { type Bench, type BenchDatabase, openSink } from "./ground.ts";
import { check, checkEqual } from "./measure.ts";
import { botAnswers, echoAnswers, type Mentions, type MentionsWish, spreadOver } from "./mentions.ts";

const REPOSITORY = "acme/api";
/** GitHub allows 80 comments a minute; that is a limit of GitHub's, and here it is the bot that is looked at. */
const NO_LIMITS = { requestsPerHour: 1e9, contentPerMinute: 1e9 };

export async function githubMentions(
  { ground }: Bench,
  database: BenchDatabase,
  wish: MentionsWish,
): Promise<Mentions> {
  const github = await startGitHub({ clock: systemClock, ...NO_LIMITS });
  const sink = await openSink();
  await github.createRepository(REPOSITORY, { collaborators: { alice: "write" } });
  const app = await github.createApp({ slug: "threadbox" });
  await app.install("acme", { repositories: [REPOSITORY] });
  const alice = github.as("alice");
  const issues: number[] = [];
  for (let n = 0; n < wish.threads; n++) {
    issues.push((await alice.opensIssue(REPOSITORY, { title: `Issue ${n}`, body: "It says 401." })).number);
  }
  app.webhookTo(sink.url);
  const asked = new Map<number, number>();
  const parcels: Mentions["parcels"] = [];
  for (const n of spreadOver(wish.threads, wish.mentions)) {
    const issue = issues[n] ?? 0;
    asked.set(issue, (asked.get(issue) ?? 0) + 1);
    const { deliveries } = await alice.comments(REPOSITORY, issue, "@threadbox status");
    parcels.push(...deliveries.filter(({ event }) => event === "issue_comment").map(({ request }) => request));
  }
  return {
    threads: wish.threads,
    parcels: parcels.map(({ headers, body }) => ({ headers, body })),
    slackSecret: null,
    async startBot() {
      const variables = {
        ...app.environment,
      };
      return botAnswers(await startBotProcess(ground, database, { variables }), "/github/webhooks", database);
    },
    startEcho() {
      const { privateKey, webhookSecret: secret } = app;
      const wish = { appId: String(app.id), privateKey, secret, apiUrl: github.apiUrl };
      return echoAnswers((echo) => echo.ask("github", wish));
    },
    proveAnswered() {
      for (const [issue, times] of asked) {
        const ours = github
          .issue(REPOSITORY, issue)
          .comments()
          .filter(({ author }) => author === "threadbox[bot]");
        checkEqual(ours.length, times, `answers on issue ${issue}`);
        for (const { body } of ours) check(body.includes("Nothing is running"), `this is no answer: ${body}`);
      }
    },
    async close() {
      await github.close();
      await sink.close();
    },
  };
}
