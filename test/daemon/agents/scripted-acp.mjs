/** An agent that speaks the Agent Client Protocol and does what the first word of a prompt says. Its memory is a file, if it may have one. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const how = process.argv[2] ?? "";
const waiting = new Map();
let lastId = 0;
let cancelled = () => {};

const send = (line) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...line })}\n`);
const request = (method, params) =>
  new Promise((resolve) => {
    const id = `agent-${++lastId}`;
    waiting.set(id, resolve);
    send({ id, method, params });
  });
const update = (sessionId, update) => send({ method: "session/update", params: { sessionId, update } });
const say = (sessionId, text) =>
  update(sessionId, { sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
const tool = (sessionId, sessionUpdate, fields) =>
  update(sessionId, { sessionUpdate, toolCallId: "call-1", ...fields });

const OPTIONS = [
  { optionId: "for-ever", kind: "allow_always", name: "Always" },
  { optionId: "this-time", kind: "allow_once", name: "Once" },
  { optionId: "no", kind: "reject_once", name: "No" },
];

const deeds = {
  async LEAVE({ sessionId }) {
    const command = "npm publish";
    tool(sessionId, "tool_call", { title: "shell", kind: "execute", status: "pending", rawInput: { command } });
    const { outcome } = await request("session/request_permission", {
      sessionId,
      toolCall: { toolCallId: "call-1" },
      options: OPTIONS,
    });
    const ok = outcome.optionId === "this-time";
    tool(sessionId, "tool_call_update", { status: ok ? "completed" : "failed", rawOutput: outcome.optionId ?? "none" });
    say(sessionId, `Leave: ${outcome.optionId ?? outcome.outcome}.`);
    return { stopReason: outcome.outcome === "cancelled" ? "cancelled" : "end_turn" };
  },
  async FORM({ sessionId }) {
    const answer = await request("elicitation/create", {
      sessionId,
      mode: "form",
      message: "Before I begin",
      requestedSchema: {
        type: "object",
        properties: {
          database: { type: "string", enum: ["Postgres", "SQLite"], description: "Which database?" },
          port: { type: "integer", title: "Port", default: 5432 },
        },
      },
    });
    say(sessionId, JSON.stringify(answer));
    return { stopReason: answer.action === "cancel" ? "cancelled" : "end_turn" };
  },
  async WAIT({ sessionId }) {
    tool(sessionId, "tool_call", { title: "sleep 60", kind: "execute", status: "in_progress" });
    await new Promise((resolve) => {
      cancelled = resolve;
    });
    return { stopReason: "cancelled" };
  },
  async SPEND({ sessionId }) {
    update(sessionId, {
      sessionUpdate: "usage_update",
      used: 5,
      size: 10,
      cost: { amount: 0.25 * ++lastId, currency: "USD" },
    });
    update(sessionId, { sessionUpdate: "something_new", of: "another version" });
    return { stopReason: "end_turn", usage: { inputTokens: 100, outputTokens: 10 } };
  },
  async REFUSE() {
    return { stopReason: "refusal" };
  },
  async FAIL() {
    return { error: { code: -32_603, message: "Internal error: too many", data: { statusCode: 429 } } };
  },
  async DIE() {
    process.stderr.write("out of luck\n");
    process.exit(3);
  },
  async RECALL({ sessionId }) {
    say(sessionId, existsSync("memory") ? readFileSync("memory", "utf8") : "nothing");
    return { stopReason: "end_turn" };
  },
};

const MODELS = {
  id: "m",
  category: "model",
  type: "select",
  currentValue: "small",
  options: [{ value: "small" }, { value: "large" }],
};

const methods = {
  initialize: () => ({ protocolVersion: how === "new" ? 2 : 1, agentCapabilities: { loadSession: how === "loads" } }),
  "session/new": () =>
    how === "locked"
      ? { error: { code: -32_000, message: "Authentication required" } }
      : { sessionId: `s-${process.pid}`, configOptions: [MODELS] },
  "session/load": ({ sessionId }) => {
    say(sessionId, "What was said before.");
    return { configOptions: [MODELS] };
  },
  "session/set_config_option": ({ value }) => {
    appendFileSync("memory", `model ${value};`);
    return { configOptions: [] };
  },
  "session/prompt": async (params) => {
    const text = params.prompt[0].text;
    const answer = await deeds[text.split(" ")[0]]?.(params);
    appendFileSync("memory", `${text};`);
    if (answer) return answer;
    say(params.sessionId, `I heard: ${text}`);
    return { stopReason: "end_turn" };
  },
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, method, params, result } = JSON.parse(line);
  if (!method) return waiting.get(id)?.(result);
  if (method === "session/cancel") return cancelled();
  const answer = await methods[method]?.(params);
  send(answer?.error ? { id, ...answer } : { id, result: answer ?? null });
});
