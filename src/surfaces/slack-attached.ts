/** Files as Slack's messages name them. Which of them can be handed over is said by their fields; nothing is fetched here. Pure. */
import { z } from "zod";
import { MAX_ATTACHMENTS } from "../core/attachments.ts";
import type { Attachment } from "../core/types.ts";

const text = z.string().nullish().catch(null);

/** The fields that we read. One that looks strange costs its file, and never the message. */
export const SlackFile = z.object({
  id: text,
  name: text,
  title: text,
  mimetype: text,
  size: z.number().int().nonnegative().nullish().catch(null),
  url_private: text,
  permalink: text,
  /** `tombstone`: deleted; `hidden_by_limit`: too old for a free workspace; `external`: an address and no file. */
  mode: text,
  is_external: z.boolean().nullish().catch(null),
  /** `check_file_info`: of another workspace; Slack has to be asked for the rest. */
  file_access: text,
});
export type SlackFile = z.infer<typeof SlackFile>;

export interface Attached {
  files: Attachment[];
  /** A sentence for each that is not handed over. */
  leftOut: string[];
}

export function attachedFiles(all: SlackFile[]): Attached {
  const attached: Attached = { files: [], leftOut: [] };
  for (const file of all) {
    const why =
      whyNot(file) ?? (attached.files.length < MAX_ATTACHMENTS ? null : `more than ${MAX_ATTACHMENTS} came along`);
    if (why === null) attached.files.push(attachmentOf(file));
    else attached.leftOut.push(`Attached file, not handed over: ${nameOf(file)} (${why})`);
  }
  return attached;
}

/** As it is told of in the message, or by Slack when it is asked. */
export function attachmentOf(file: SlackFile): Attachment {
  const { id, mimetype, size, url_private: url } = file;
  return {
    name: nameOf(file),
    mime: mimetype && MIME.test(mimetype) ? mimetype : "unknown type",
    bytes: size ?? null,
    ref: { id: id ?? "", url: url || null },
  };
}

/** It goes into the words for the agent, so it is no more than that. */
const MIME = /^[\w.+-]{1,60}\/[\w.+-]{1,120}$/;

const nameOf = ({ name, title, id }: SlackFile): string => name || title || id || "unnamed";

/** Null where it can be handed over. */
export function whyNot(file: SlackFile): string | null {
  if (file.mode === "tombstone") return "it was deleted";
  if (file.mode === "hidden_by_limit") return "Slack hides it, because the workspace is over its limit";
  if (file.is_external || file.mode === "external")
    return `it does not lie at Slack: ${file.url_private || file.permalink || "no address"}`;
  return file.id ? null : "Slack did not say where it is";
}
