/** `response_url`: an address that answers one interaction, five times within half an hour, without any token. */
import { checkBlocks, isRecord, recordsIn } from "./blocks.ts";
import { edit, findMessage, post, remove, whisper } from "./messages.ts";
import { bot } from "./methods/method.ts";
import { parsed } from "./request-body.ts";
import type { Ephemeral, Json, ResponseUrl, Workspace } from "./types.ts";

export interface ResponseUrlAnswer {
  status: number;
  body: string;
}

export function respond(ws: Workspace, id: string, body: unknown): ResponseUrlAnswer {
  const url = ws.responseUrls.get(id);
  if (!url || ws.clock.now() > url.expiresAtMs) return refused(404, "expired_url");
  if (url.usesLeft <= 0) return refused(404, "used_url");
  const content = contentOf(body);
  if ("error" in content) return refused(content.error === "no_text" ? 500 : 400, content.error);
  url.usesLeft -= 1;
  carryOut(ws, url, content);
  return { status: 200, body: "ok" };
}

/** What a body of an HTTP acknowledgement says, for a slash command: the same language. */
export function answerCommand(ws: Workspace, target: { channel: string; user: string }, body: string): void {
  if (body === "") return;
  const json = parsed(body);
  const content = contentOf(isRecord(json) ? json : { text: body });
  if ("error" in content) return;
  if (content.inChannel) carryOut(ws, { ...target, usesLeft: 1, expiresAtMs: 0 }, content);
  else whisper(ws, { ...target, text: content.text, blocks: content.blocks, via: "acknowledgement" });
}

interface Content {
  text: string;
  blocks: Json[];
  replace: boolean;
  remove: boolean;
  inChannel: boolean;
  threadTs: string | undefined;
}

/** `markdown_text` is no field here: without text or blocks there is nothing to say. */
function contentOf(body: unknown): Content | { error: string } {
  const fields = isRecord(body) ? body : {};
  const blocks = recordsIn(fields.blocks);
  const text = typeof fields.text === "string" ? fields.text : "";
  const removing = fields.delete_original === true;
  if (checkBlocks(blocks).is !== "fine") return { error: "invalid_blocks" };
  if (!removing && text === "" && blocks.length === 0) return { error: "no_text" };
  return {
    text,
    blocks,
    replace: fields.replace_original === true,
    remove: removing,
    inChannel: fields.response_type === "in_channel",
    threadTs: typeof fields.thread_ts === "string" ? fields.thread_ts : undefined,
  };
}

function carryOut(ws: Workspace, url: ResponseUrl, content: Content): void {
  const { source } = url;
  if (source && (content.replace || content.remove)) {
    changeSource(ws, url, source, content);
    return;
  }
  const channel = ws.channels.get(url.channel);
  const thread = content.threadTs ? { threadTs: content.threadTs } : {};
  if (content.inChannel && channel) {
    post(ws, { channel, author: bot(ws), text: content.text, blocks: content.blocks, ...thread });
    return;
  }
  whisper(ws, {
    channel: url.channel,
    user: url.user,
    text: content.text,
    blocks: content.blocks,
    via: "response_url",
    ...thread,
  });
}

function changeSource(
  ws: Workspace,
  url: ResponseUrl,
  source: { ts: string; ephemeral: boolean },
  content: Content,
): void {
  const ephemeral = ws.ephemerals.find((other) => other.ts === source.ts);
  const message = findMessage(ws, url.channel, source.ts);
  if (source.ephemeral && ephemeral) changeEphemeral(ws, ephemeral, content);
  else if (!message) return;
  else if (content.remove) remove(ws, message, ws.app.botUserId);
  else edit(ws, message, { text: content.text, blocks: content.blocks });
}

function changeEphemeral(ws: Workspace, ephemeral: Ephemeral, content: Content): void {
  ephemeral.deleted = content.remove;
  if (!content.remove) Object.assign(ephemeral, { text: content.text, blocks: content.blocks });
  ws.changed();
}

function refused(status: number, error: string): ResponseUrlAnswer {
  return { status, body: JSON.stringify({ ok: false, error }) };
}
