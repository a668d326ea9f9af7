/**
 * What people think of an answer: the buttons under it, the form that asks why after a bad word, and 👍 and 👎 on it. It is no mention: it
 * orders nothing, and whoever sees the answer may say it.
 */
import type { types } from "@slack/bolt";
import { z } from "zod";
import { type Feedback, MAX_REASON_CHARS, type Verdict } from "../../src/core/feedback.ts";
import { FEEDBACK_FORM, feedbackIn } from "../../src/surfaces/slack-feedback.ts";
import { type Clicked, ignored, type Us } from "./envelope.ts";

const Pressed = z.object({
  trigger_id: z.string().nullish(),
  user: z.object({ id: z.string() }),
  actions: z.tuple([z.object({ action_ts: z.string(), value: z.string() })], z.unknown()),
});

export function onFeedback(body: unknown, _us: Us): Clicked {
  const parsed = Pressed.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { user, actions, trigger_id } = parsed.data;
  const said = feedbackIn(actions[0].value);
  if (!said) return ignored("malformed");
  const at = Math.round(Number(actions[0].action_ts) * 1_000);
  const feedback: Feedback = { on: { turn: said.turn }, by: { surface: "slack", id: user.id }, value: said.value, at };
  if (said.value === "good" || !trigger_id) return { is: "feedback", feedback };
  return { is: "feedback", feedback, ask: { trigger: trigger_id, view: formFor(said.turn) } };
}

/** Slack hands back with the form what it was opened for. */
function formFor(turn: string): types.ModalView {
  const plain = (text: string): types.PlainTextElement => ({ type: "plain_text", text });
  return {
    type: "modal",
    callback_id: FEEDBACK_FORM,
    private_metadata: turn,
    title: plain("What was wrong?"),
    submit: plain("Send"),
    close: plain("Skip"),
    blocks: [
      {
        ...{ type: "input", block_id: "reason", optional: true },
        label: plain("For whoever looks after the bot"),
        element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: MAX_REASON_CHARS },
      },
    ],
  };
}

const Submitted = z.object({
  user: z.object({ id: z.string() }),
  view: z.object({
    private_metadata: z.string().min(1).max(100),
    state: z.object({ values: z.object({ reason: z.object({ reason: z.object({ value: z.string().nullish() }) }) }) }),
  }),
});

export function onFeedbackReason(body: unknown, _us: Us): Clicked {
  const parsed = Submitted.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { user, view } = parsed.data;
  const reason = view.state.values.reason.reason.value?.trim();
  if (!reason) return ignored("no-text");
  const by = { surface: "slack" as const, id: user.id };
  return {
    is: "feedback",
    feedback: { on: { turn: view.private_metadata }, by, value: "bad", reason, at: null },
  };
}

/** Slack's names of them; it appends the tone of the skin. */
const THUMBS: Record<string, Verdict> = { "+1": "good", thumbsup: "good", "-1": "bad", thumbsdown: "bad" };

export const thumbOf = (reaction: string): Verdict | undefined => {
  const name = reaction.replace(/::skin-tone-\d$/, "");
  return Object.hasOwn(THUMBS, name) ? THUMBS[name] : undefined;
};
