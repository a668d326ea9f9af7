/**
 * Slack's rates, for each app and workspace (https://docs.slack.dev/apis/web-api/rate-limits, and the facts of each method):
 * one message a second for each channel, short bursts allowed; "several hundred messages per minute" for a whole workspace;
 * 50 calls a minute for methods of tier 3 (chat.update, reactions.add, conversations.info, .open, .history and .replies), 100 for
 * tier 4 (users.info, chat.postEphemeral). Every other method is taken for tier 3. Slack does not say how it counts a minute,
 * so tiers are cut into windows of ten seconds.
 */
import type { Gate, Limit } from "./pace.ts";

/** A burst of five is a long answer, and is caught up with in five seconds. */
const POSTS_IN_CHANNEL: Limit = { places: 5, inSeconds: 5, reserve: 3 };
/** 300 a minute, the least that "several hundred" can mean. */
const POSTS_IN_WORKSPACE: Limit = { places: 50, inSeconds: 10, reserve: 30 };
/** 48 a minute. What progress leaves are the last edits, which take the Stop buttons away. */
const TIER_3: Limit = { places: 8, inSeconds: 10, reserve: 3 };
/** 96 a minute. */
const TIER_4: Limit = { places: 16, inSeconds: 10, reserve: 6 };

const IN_TIER_4 = new Set(["users.info", "chat.postEphemeral"]);

/** What a call of this method has to pass. */
export function slackGate(method: string, channel: string): Gate {
  if (method !== "chat.postMessage")
    return { name: method, limits: [[IN_TIER_4.has(method) ? TIER_4 : TIER_3, method]] };
  const name = `${method} ${channel}`;
  return {
    name,
    limits: [
      [POSTS_IN_CHANNEL, name],
      [POSTS_IN_WORKSPACE, method],
    ],
  };
}
