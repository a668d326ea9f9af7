/** `agents.sessions.*` and `assistant.threads.*`: the state of a thread that Slack shows by itself, with its Stop button. */
import { findMessage } from "../messages.ts";
import type { AgentSession, Channel, Json, Workspace } from "../types.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const agentMethods: Methods = {
  "agents.sessions.setStatus": { token: "bot", scopes: ["chat:write"], tier: 3, run: setSessionStatus },
  "agents.sessions.rename": { token: "bot", scopes: ["chat:write"], tier: 3, run: rename },
  "assistant.threads.setStatus": {
    token: "bot",
    scopes: ["chat:write", "assistant:write"],
    tier: "special",
    run: setThreadStatus,
  },
  "assistant.threads.setSuggestedPrompts": {
    token: "bot",
    scopes: ["assistant:write"],
    tier: "special",
    run: setSuggestedPrompts,
  },
};

const statuses: readonly AgentSession["status"][] = ["active", "processing", "suspended", "closed"];
/** A forgotten spinner goes away by itself. */
const processingForgottenAfterMs = 60 * 60_000;
const statusForgottenAfterMs = 2 * 60_000;
const maxTitle = 200;

/** The session of a thread as people see it now. */
export function sessionOf(ws: Workspace, channel: string, threadTs: string): AgentSession | undefined {
  const session = ws.sessions.get(`${channel}:${threadTs}`);
  const forgotten = session?.status === "processing" && ws.clock.now() - session.setAtMs >= processingForgottenAfterMs;
  return session && forgotten ? { ...session, status: "active" } : session;
}

/** The "is thinking..." line under a thread, if one is shown. */
export function threadStatusOf(ws: Workspace, channel: string, threadTs: string): string | undefined {
  const status = ws.threadStatuses.get(`${channel}:${threadTs}`);
  return status && ws.clock.now() - status.setAtMs < statusForgottenAfterMs ? status.text : undefined;
}

function setSessionStatus(call: Call): Json {
  const { ws } = call;
  if (!ws.app.agent) refuse("not_authorized");
  const status = statuses.find((known) => known === given.textArg(call, "status")) ?? refuse("invalid_arguments");
  const { key, channel, threadTs } = thread(call);
  const title = given.textArg(call, "title") ?? "";
  if (title.length > maxTitle) refuse("invalid_arguments");
  const known = ws.sessions.get(key);
  // A title counts only when the session begins; later there is agents.sessions.rename.
  const session: AgentSession = {
    channel: channel.id,
    threadTs,
    title: known?.title ?? title,
    status,
    setAtMs: ws.clock.now(),
  };
  ws.sessions.set(key, session);
  ws.changed();
  return { status, agent_status: status, title: session.title, ...stopWarning(ws) };
}

/** Without the subscription people see a spinner that they cannot stop. */
function stopWarning(ws: Workspace): Json {
  if (ws.app.events.has("agent_session_stopped")) return {};
  const warning = "missing_agent_session_stopped_event_subscription";
  return { warning, response_metadata: { warnings: [warning] } };
}

function rename(call: Call): Json {
  if (!call.ws.app.agent) refuse("not_authorized");
  const title = given.requiredArg(call, "title");
  const session = call.ws.sessions.get(thread(call).key) ?? refuse("session_not_found");
  if (title.length > maxTitle) refuse("invalid_arguments");
  session.title = title;
  call.ws.changed();
  return { title };
}

/** An empty status clears it. */
function setThreadStatus(call: Call): Json {
  const { key } = thread(call);
  const text = given.textArg(call, "status") ?? refuse("invalid_arguments");
  if (text === "") call.ws.threadStatuses.delete(key);
  else call.ws.threadStatuses.set(key, { text, setAtMs: call.ws.clock.now() });
  call.ws.changed();
  return {};
}

function setSuggestedPrompts(call: Call): Json {
  const channel = given.channelArg(call, "channel_id");
  const prompts = given.nestedArg(call, "prompts", "invalid_arguments");
  if (!Array.isArray(prompts) || prompts.length > 4) return refuse("invalid_arguments");
  call.ws.suggestedPrompts.push({ channel: channel.id, prompts });
  return {};
}

function thread(call: Call): { key: string; channel: Channel; threadTs: string } {
  const channel = given.joinedChannelArg(call, "channel_id");
  const ts = given.requiredArg(call, "thread_ts", "invalid_thread_ts");
  const message = findMessage(call.ws, channel.id, ts) ?? refuse("thread_not_found");
  const threadTs = message.threadTs ?? message.ts;
  return { key: `${channel.id}:${threadTs}`, channel, threadTs };
}
