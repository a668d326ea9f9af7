/** A daemon as the wire describes it, whose every word is the test's: it takes a turn, tells what it is told to tell, and hears answers. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { AgentEvent, JournalEntry } from "../../src/wire/events.ts";
import { AnswerRequest, PromptRequest } from "../../src/wire/routes.ts";
import { toFrame } from "../../src/wire/sse.ts";

export interface ToldDaemon {
  url: string;
  /** The turns that it was given. */
  turns: string[];
  /** What was steered into them. */
  steered: string[];
  answers: { question: string; answer: string }[];
  /** How often it was told to stop. */
  aborts: number;
  /** What becomes of an answer, and what is told of it. */
  onAnswer(request: { question: string; answer: string }): "answered" | "over";
  tells(event: AgentEvent): void;
  close(): Promise<void>;
}

const EPOCH = "told";

export async function toldDaemon(): Promise<ToldDaemon> {
  const journal: JournalEntry[] = [];
  const readers = new Set<ServerResponse>();
  const server = createServer((request, response) => void respond(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const daemon: ToldDaemon = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turns: [],
    steered: [],
    answers: [],
    aborts: 0,
    onAnswer: () => "answered",
    tells(event) {
      const entry = { epoch: EPOCH, cursor: journal.length + 1, at: Date.now(), event };
      journal.push(entry);
      for (const reader of readers) reader.write(toFrame(entry));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", daemon.url);
    if (pathname === "/stream") {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      for (const entry of journal.slice(Number(searchParams.get("cursor")))) response.write(toFrame(entry));
      readers.add(response);
      response.on("close", () => readers.delete(response));
      return;
    }
    const answer = answerTo(pathname, await text(request));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  function answerTo(path: string, body: string): object {
    const command = path.slice(1);
    if (command === "prompt") return prompted(PromptRequest.parse(JSON.parse(body)));
    if (command === "answer") {
      const request = AnswerRequest.parse(JSON.parse(body));
      daemon.answers.push(request);
      return { success: true, command, outcome: daemon.onAnswer(request) };
    }
    if (command === "abort") {
      daemon.aborts += 1;
      return { success: true, command, outcome: "stopped" };
    }
    return { success: true, command };
  }

  function prompted({ id = "", into, message }: PromptRequest): object {
    if (into === undefined) daemon.turns.push(id);
    else daemon.steered.push(message);
    const disposition = into === undefined ? "started" : "steered";
    return { success: true, command: "prompt", id, turn: into ?? id, disposition };
  }

  return daemon;
}
