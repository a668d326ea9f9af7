/** A long answer as a file of its thread, once: what an upload carries of ours is its title, so the thread is searched for that. */
import { createHash } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Log } from "../log.ts";
import { call, slackWord, toSlackFailure } from "./slack-calls.ts";
import { refusalsOf } from "./slack-refusals.ts";
import type { SlackThread, Standing } from "./slack-thread.ts";

export const ANSWER_FILE = "answer.md";

export interface AnswerFiles {
  /**
   * The address of the file in the thread, empty where Slack does not tell it. Null when there can be none: the app may not upload,
   * or Slack does not take this one.
   */
  upload(at: SlackThread, whole: string, marker: string, standing: Standing): Promise<string | null>;
}

export function answerFiles({ answers, log }: { answers: WebClient; log: Log }): AnswerFiles {
  const refusals = refusalsOf("files", log);
  return {
    async upload(at, whole, marker, { files }) {
      const title = titleOf(marker);
      const known = files.get(title);
      if (known !== undefined) return known;
      if (refusals.has(at.team)) return null;
      try {
        const file = { filename: ANSWER_FILE, title, content: whole };
        const done = await call(() =>
          answers.filesUploadV2({ ...file, channel_id: at.channel, thread_ts: at.threadTs }),
        );
        return Uploaded.safeParse(done).data?.files[0]?.files[0]?.permalink ?? "";
      } catch (thrown) {
        const failure = toSlackFailure(thrown);
        const word = slackWord(failure) ?? "";
        if (word === "missing_scope") refusals.add(at.team, word);
        else if (failure.code !== "surface.refused") throw failure;
        else log.info({ marker, slackSays: word }, "slack.file-refused");
        return null;
      }
    },
  };
}

/** Short enough to stand under a file, and the same whenever the same answer is posted. */
const titleOf = (marker: string): string =>
  `${ANSWER_FILE} · ${createHash("sha256").update(marker).digest("hex").slice(0, 8)}`;

/** One answer for each call that ended uploads, each with its files. */
const Uploaded = z.object({
  files: z.array(z.object({ files: z.array(z.object({ permalink: z.string().nullish() })) })),
});
