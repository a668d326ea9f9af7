/** `files.*`: the three calls of an upload, and what a file is. */

import { isRecord, recordsIn } from "../blocks.ts";
import { numberedId } from "../ids.ts";
import { post } from "../messages.ts";
import { fileShape } from "../shapes.ts";
import type { Json, StoredFile } from "../types.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const fileMethods: Methods = {
  "files.info": { token: "bot", scopes: ["files:read"], tier: 4, run: info },
  "files.getUploadURLExternal": { token: "bot", scopes: ["files:write"], tier: 4, run: getUploadUrl },
  "files.completeUploadExternal": { token: "bot", scopes: ["files:write"], tier: 4, run: completeUpload },
};

function info(call: Call): Json {
  const file = call.ws.files.get(given.requiredArg(call, "file", "file_not_found"));
  return { file: fileShape(call.ws, file?.shared ? file : refuse("file_not_found")), comments: [] };
}

function getUploadUrl(call: Call): Json {
  const { ws } = call;
  const name = given.requiredArg(call, "filename");
  if (given.numberArg(call, "length", 0) === 0) refuse("invalid_arguments");
  const id = numberedId(ws, "F");
  const mimetype = "application/octet-stream";
  ws.files.set(id, {
    id,
    name,
    title: name,
    mimetype,
    user: ws.app.botUserId,
    content: Buffer.alloc(0),
    createdMs: ws.clock.now(),
    shared: false,
  });
  return { file_id: id, upload_url: `${ws.origin}/upload/${id}` };
}

function completeUpload(call: Call): Json {
  const { ws } = call;
  const wanted = recordsIn(given.nestedArg(call, "files", "invalid_arguments"));
  const files = wanted.map((entry) => uploaded(call, entry));
  if (given.textArg(call, "channel_id")) share(call, files);
  for (const file of files) file.shared = true;
  return { files: files.map((file) => fileShape(ws, file)) };
}

function uploaded(call: Call, entry: unknown): StoredFile {
  const file = isRecord(entry) ? call.ws.files.get(String(entry.id)) : undefined;
  if (!file || file.content.byteLength === 0) return refuse("file_not_found");
  if (isRecord(entry) && typeof entry.title === "string") file.title = entry.title;
  return file;
}

function share(call: Call, files: StoredFile[]): void {
  const { ws } = call;
  const channel = given.joinedChannelArg(call, "channel_id");
  if (channel.archived) refuse("is_archived");
  for (const file of files) file.shared = true;
  post(ws, {
    channel,
    author: given.bot(ws),
    text: given.textArg(call, "initial_comment") ?? "",
    files: files.map((file) => file.id),
    threadTs: given.textArg(call, "thread_ts"),
  });
}
