/**
 * Stands between Claude Code and the scripted model. To newer models Claude hands over what people add to a running round as a system
 * message amid the others, which the scripted model overlooks: here it becomes a message of people's again. And it knows keys.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface Front {
  /** For the scripted model at that address. */
  urlFor(modelUrl: string): string;
  /** From now on a request with this key is answered by 401. */
  refuse(key: string): void;
  close(): Promise<void>;
}

export async function openFront(): Promise<Front> {
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    pass(request, response, refused).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    urlFor: (modelUrl) => `http://127.0.0.1:${port}/${new URL(modelUrl).port}`,
    refuse: (key) => refused.add(key),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function pass(request: IncomingMessage, response: ServerResponse, refused: Set<string>): Promise<void> {
  const body = asPeoplesWords(await text(request));
  if (refused.has(String(request.headers["x-api-key"]))) {
    response.writeHead(401, { "content-type": "application/json" });
    response.end('{"type":"error","error":{"type":"authentication_error","message":"unknown key"}}');
    return;
  }
  const [, port, ...path] = (request.url ?? "").split("/");
  const headers = { "content-type": "application/json", "x-api-key": String(request.headers["x-api-key"]) };
  const answer = await fetch(`http://127.0.0.1:${port}/${path.join("/")}`, { method: "POST", headers, body });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
  for await (const piece of answer.body ?? []) response.write(piece);
  response.end();
}

function asPeoplesWords(body: string): string {
  const parsed: { messages?: { role: string; content: unknown }[] } = JSON.parse(body);
  for (const message of parsed.messages ?? []) {
    const added = JSON.stringify(message.content).includes("The user sent a new message while you were working");
    if (message.role === "system" && added) message.role = "user";
  }
  return JSON.stringify(parsed);
}
