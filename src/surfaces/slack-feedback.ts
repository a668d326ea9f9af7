/** The buttons under an answer with which people say what they think of it, and how an answer goes out where a workspace does not take them. */
import type { Verdict } from "../core/feedback.ts";
import type { Answer } from "../core/types.ts";
import type { Log } from "../log.ts";
import { FEEDBACK_ACTION } from "./slack-actions.ts";
import type { KnownBlock, Rendered } from "./slack-blocks.ts";
import { slackWord } from "./slack-calls.ts";
import { refusalsOf } from "./slack-refusals.ts";

/** Under what came to its end by itself. Whoever stopped a turn has said what they think of it. */
export function feedbackButtons({ turn, result }: Pick<Answer, "turn" | "result">): KnownBlock[] {
  if (result.outcome === "stopped") return [];
  const button = (value: Verdict, text: string, accessibility_label: string) => ({
    ...{ text: { type: "plain_text" as const, text }, accessibility_label },
    value: `${value}:${turn}`,
  });
  const buttons = {
    ...{ type: "feedback_buttons" as const, action_id: FEEDBACK_ACTION },
    positive_button: button("good", "Good", "This answer is good"),
    negative_button: button("bad", "Bad", "This answer is bad"),
  };
  return [{ type: "context_actions", elements: [buttons] }];
}

/** What a button carries, or null for what is none of ours. */
export function feedbackIn(value: string): { value: Verdict; turn: string } | null {
  const [, verdict, turn] = /^(good|bad):(\w{1,100})$/.exec(value) ?? [];
  return (verdict === "good" || verdict === "bad") && turn ? { value: verdict, turn } : null;
}

export const withoutFeedback = ({ text, blocks }: Rendered): Rendered => ({
  text,
  blocks: blocks.filter(({ type }) => type !== "context_actions"),
});

/** Posts with the buttons where the workspace takes them, and without them where it does not. */
export function besideFeedback(log: Log) {
  const refusals = refusalsOf("feedback-buttons", log);
  return async <T>(team: string, message: Rendered, send: (message: Rendered) => Promise<T>): Promise<T> => {
    const bare = withoutFeedback(message);
    if (bare.blocks.length === message.blocks.length) return send(message);
    if (refusals.has(team)) return send(bare);
    try {
      return await send(message);
    } catch (thrown) {
      if (slackWord(thrown) !== "invalid_blocks") throw thrown;
      const sent = await send(bare);
      // Only now: it might have been another block.
      refusals.add(team, "invalid_blocks");
      return sent;
    }
  };
}
