/**
 * The peer: a bot as its vendors' own libraries make it in an afternoon. Bolt and octokit's webhooks, an answer in the thread for
 * each mention, nothing stored, and the vendor acknowledged before anything is done.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware } from "@octokit/webhooks";
import { LogLevel, App as SlackApp } from "@slack/bolt";
import { App as GitHubApp, Octokit } from "octokit";
import { answerParent } from "./child.ts";
import { type Load, loadMeter } from "./load.ts";

/** What our own bot answers to `status`, so that both are looked over the same way. */
const ECHO = "Nothing is running";

export interface SlackWish {
  token: string;
  signingSecret: string;
  apiUrl: string;
}

export interface GitHubWish {
  appId: string;
  privateKey: string;
  secret: string;
  apiUrl: string;
}

const measureLoad = loadMeter();
const answering = new Set<Promise<unknown>>();
let close = async (): Promise<void> => {};

/** Nobody waits for it but `idle`. */
function begin(answer: Promise<unknown>): void {
  answering.add(answer);
  answer.catch((thrown) => process.stderr.write(`echo: ${thrown}\n`)).finally(() => answering.delete(answer));
}

const tasks = {
  /** Both resolve with where it answers. */
  async slack({ token, signingSecret, apiUrl }: SlackWish): Promise<string> {
    const clientOptions = { slackApiUrl: apiUrl };
    const app = new SlackApp({ token, signingSecret, clientOptions, logLevel: LogLevel.ERROR });
    // Bolt has acknowledged an event before its listeners run.
    app.event("app_mention", async ({ event, say }) =>
      begin(say({ text: ECHO, thread_ts: event.thread_ts ?? event.ts })),
    );
    const server = await app.start({ port: 0, host: "127.0.0.1" });
    close = async () => void (await app.stop());
    return `${urlOf(server.address() as AddressInfo)}/slack/events`;
  },

  async github({ appId, privateKey, secret, apiUrl }: GitHubWish): Promise<string> {
    // GitHub's own limits are not what is compared; our bot goes without its pauses here as well.
    const Unpaced = Octokit.defaults({ baseUrl: apiUrl, throttle: { enabled: false } });
    const app = new GitHubApp({ appId, privateKey, webhooks: { secret }, Octokit: Unpaced });
    app.webhooks.on("issue_comment.created", ({ octokit, payload }) => {
      const at = { owner: payload.repository.owner.login, repo: payload.repository.name };
      // Not waited for: octokit would acknowledge only then.
      begin(octokit.rest.issues.createComment({ ...at, issue_number: payload.issue.number, body: ECHO }));
    });
    const server: Server = createServer(createNodeMiddleware(app.webhooks, { path: "/github/webhooks" }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    close = async () => {
      server.closeAllConnections();
      server.close();
    };
    return `${urlOf(server.address() as AddressInfo)}/github/webhooks`;
  },

  load: (_: null): Load => measureLoad(),

  /** Resolves when nothing is on its way any more. */
  async idle(_: null): Promise<void> {
    while (answering.size > 0) await Promise.allSettled(answering);
  },
};

const urlOf = ({ port }: AddressInfo): string => `http://127.0.0.1:${port}`;

export type EchoTasks = typeof tasks;
answerParent(tasks, () => close());
