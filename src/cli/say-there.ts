/** Says something to the bot that runs here already, through the API of its page, and follows the thread as the page does. */
import { EventSource } from "eventsource";
import { z } from "zod";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import type { Heard, Saying } from "./say.ts";
import { onInterrupt } from "./signals.ts";
import { createPostPrinter, Post } from "./web-posts.ts";

const Spoken = z.object({ thread: z.string(), message: z.string(), session: z.string().nullable() });
const Rows = z.object({ sessions: z.array(z.object({ id: z.string(), turn: z.string().nullable() })) });

export async function sayThere(bot: string, saying: Saying, output: Output): Promise<Heard> {
  const { message, session } = await speak(bot, saying);
  const heard: Heard = { session: session ?? "", result: null, pullRequest: null, interrupted: false };
  const giveBack = onInterrupt(() => {
    heard.interrupted = true;
    sayStop(bot, saying.thread, output);
  });
  try {
    await hear(bot, { ...saying, message }, heard, output);
  } finally {
    giveBack();
  }
  return heard;
}

/** Prints what is posted after our words, until the session has nothing more to do. */
async function hear(
  bot: string,
  { thread, message }: { thread: string; message: string },
  heard: Heard,
  output: Output,
) {
  const print = createPostPrinter(output);
  let ours = false;
  for await (const post of follow(`${bot}/threads/${thread}/events`, output)) {
    // Everything before was there already.
    ours ||= post.ref === message;
    if (!ours || post.kind === "person") continue;
    print(post);
    if (post.kind === "answer") {
      heard.result = post.answer.result;
      heard.pullRequest = post.answer.pullRequest?.url ?? null;
    }
    if (post.kind !== "progress" && !(await isWorking(bot, heard.session))) return;
  }
}

/** A thread that was begun without a running bot is not on the page yet; its id is its name there, too. */
async function speak(bot: string, { thread, known, text }: Saying): Promise<z.infer<typeof Spoken>> {
  const first = { path: "/threads", body: { text, id: thread } };
  if (!known) return Spoken.parse(await (await post(bot, first)).json());
  const response = await post(bot, { path: `/threads/${encodeURIComponent(thread)}/messages`, body: { text } }, [404]);
  if (response.ok) return Spoken.parse(await response.json());
  if (!z.uuid().safeParse(thread).success)
    throw new Refused(`There is no thread ${thread}.`, "Leave --thread out to start a new one.");
  return Spoken.parse(await (await post(bot, first)).json());
}

interface Sent {
  path: string;
  body: object;
}

async function post(bot: string, { path, body }: Sent, fine: number[] = []): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const response = await ask(bot, path, { method: "POST", headers, body: JSON.stringify(body) });
  if (response.ok || fine.includes(response.status)) return response;
  const detail = `The bot at ${bot} answered ${response.status} to ${path}.`;
  // 403 and 421: its page is only for this machine's own address.
  const foreign = response.status === 403 || response.status === 421;
  throw new Refused(detail, foreign ? "Set HOST to 127.0.0.1." : "Its log says why.");
}

async function ask(bot: string, path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(`${bot}${path}`, init);
  } catch {
    throw new Refused(`The bot at ${bot} does not answer any more.`, "Start it again: what it was told is not lost.");
  }
}

function sayStop(bot: string, thread: string, output: Output): void {
  output.warn("Saying stop; press Ctrl-C again to leave at once.");
  post(bot, { path: `/threads/${thread}/stop`, body: {} }).catch((thrown: unknown) =>
    output.warn(`That did not work: ${thrown}`),
  );
}

async function isWorking(bot: string, session: string): Promise<boolean> {
  const { sessions } = Rows.parse(await (await ask(bot, "/sessions")).json());
  return sessions.some(({ id, turn }) => id === session && turn !== null);
}

/** Posts as they come, over as many connections as it takes: a bot that is restarted goes on where it was. */
async function* follow(url: string, output: Output): AsyncGenerator<Post> {
  const source = new EventSource(url);
  const waiting: Post[] = [];
  let heard = Promise.withResolvers<void>();
  let broken = false;
  source.addEventListener("open", () => {
    broken = false;
  });
  source.addEventListener("post", ({ data }) => {
    waiting.push(Post.parse(JSON.parse(data)));
    heard.resolve();
  });
  source.addEventListener("error", ({ code }) => {
    if (source.readyState === EventSource.CLOSED)
      heard.reject(new Refused(`The bot does not let us follow the thread (${code}).`, "Look at its page."));
    else if (!broken) output.warn("The bot does not answer; trying until it does. Ctrl-C twice leaves.");
    broken = true;
  });
  // Nothing else keeps the process alive between two attempts to connect.
  const alive = setInterval(() => {}, 60_000);
  try {
    for (;;) {
      await heard.promise;
      heard = Promise.withResolvers();
      yield* waiting.splice(0);
    }
  } finally {
    clearInterval(alive);
    source.close();
  }
}
