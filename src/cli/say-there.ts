/** Says something to the bot that runs here already, through the API of its page, and follows the thread as the page does. */
import { EventSource } from "eventsource";
import { z } from "zod";
import { answerText, noteText, progressLines, refusalText } from "../surfaces/terminal-render.ts";
import type { Progress } from "../core/types.ts";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import type { Heard, Saying } from "./say.ts";
import { onInterrupt } from "./signals.ts";
import { type Post, plainText, readPost } from "./web-posts.ts";

const Spoken = z.object({ thread: z.string(), message: z.string(), session: z.string().nullable() });
const Rows = z.object({ sessions: z.array(z.object({ id: z.string(), turn: z.string().nullable() })) });

export async function sayThere(bot: string, saying: Saying, output: Output): Promise<Heard> {
  const { message, session } = await speak(bot, saying);
  const giveBack = onInterrupt(() => sayStop(bot, saying.thread, output));
  const posts = follow(`${bot}/threads/${saying.thread}/events`, output);
  const print = createPrinter(output);
  const heard: Heard = { session: session ?? "", result: null, pullRequest: null };
  let ours = false;
  try {
    for await (const post of posts) {
      // Everything before is what was there already.
      ours ||= post.ref === message;
      if (!ours || post.kind === "person") continue;
      print(post);
      if (post.kind === "answer") {
        heard.result = post.answer.result;
        heard.pullRequest = post.answer.pullRequest?.url ?? null;
      }
      if (post.kind !== "progress" && !(await isWorking(bot, heard.session))) break;
    }
  } finally {
    giveBack();
  }
  return heard;
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
  const response = await fetch(`${bot}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok || fine.includes(response.status)) return response;
  throw new Refused(
    `The bot at ${bot} answered ${response.status} to ${path}.`,
    "Set HOST to 127.0.0.1, or stop that bot: without one, `say` starts its own.",
  );
}
