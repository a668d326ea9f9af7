/**
 * JSON-RPC over an agent's lines: our requests and their answers, its notifications, and its requests to us. The vendors' own library
 * for one of the two protocols that use this is 140 kB of schemas in a daemon that every sandbox loads, and drops what it does not know;
 * here everything is handed on, and each adapter reads the little that it needs.
 */
import * as z from "zod";
import type { AgentProcess } from "./agent-process.ts";

export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

/** `null`: the process ended without an answer. */
export type RpcAnswer = { result: unknown } | { error: RpcError } | null;

export type RpcId = string | number;

/** What the other side says without being asked. */
export interface RpcIncoming {
  notified(method: string, params: unknown, line: unknown): void;
  /** To be answered by `reply` or `refuse`, at any time. */
  asked(id: RpcId, method: string, params: unknown, line: unknown): void;
}

/** JSON-RPC's own number for a method that one does not have. */
export const METHOD_NOT_FOUND = -32_601;

const id = z.union([z.string(), z.number()]);
const Line = z.object({
  id: id.optional().catch(undefined),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z
    .object({ code: z.number().catch(0), message: z.string().catch(""), data: z.unknown().optional() })
    .optional()
    .catch(undefined),
});

export class RpcPeer {
  readonly #process: AgentProcess;
  readonly #head: { jsonrpc?: "2.0" };
  readonly #waiting = new Map<RpcId, (answer: RpcAnswer) => void>();
  #lastId = 0;

  /** `tagged`: every line says that it is JSON-RPC 2.0, which the standard wants and not every agent does. */
  constructor(process: AgentProcess, incoming: RpcIncoming, tagged: boolean) {
    this.#process = process;
    this.#head = tagged ? { jsonrpc: "2.0" } : {};
    process.onLine((value) => this.#take(value, incoming));
    void process.ended.then(() => {
      for (const answer of this.#waiting.values()) answer(null);
      this.#waiting.clear();
    });
  }

  async request(method: string, params: unknown): Promise<RpcAnswer> {
    if (!this.#process.isAlive()) return null;
    const id = ++this.#lastId;
    const answer = new Promise<RpcAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.#process.send({ ...this.#head, id, method, params });
    return answer;
  }

  notify(method: string, params?: unknown): void {
    this.#process.send({ ...this.#head, method, ...(params === undefined ? {} : { params }) });
  }

  reply(id: RpcId, result: unknown): void {
    this.#process.send({ ...this.#head, id, result });
  }

  refuse(id: RpcId, code: number, message: string): void {
    this.#process.send({ ...this.#head, id, error: { code, message } });
  }

  #take(value: unknown, incoming: RpcIncoming): void {
    const parsed = Line.safeParse(value);
    if (!parsed.success) return;
    const { id, method, params, result, error } = parsed.data;
    if (method !== undefined) {
      if (id === undefined) incoming.notified(method, params, value);
      else incoming.asked(id, method, params, value);
      return;
    }
    if (id === undefined) return;
    const answer = this.#waiting.get(id);
    this.#waiting.delete(id);
    answer?.(error ? { error } : { result });
  }
}

/** What was answered, read by `schema`; null for an error, for another form, and for a process that ended. */
export function resultOf<T>(schema: z.ZodType<T>, answer: RpcAnswer): T | null {
  if (!answer || "error" in answer) return null;
  const parsed = schema.safeParse(answer.result);
  return parsed.success ? parsed.data : null;
}
