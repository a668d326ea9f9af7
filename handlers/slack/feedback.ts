/**
 * What people think of an answer: the buttons under it, the form that asks why after a bad word, and 👍 and 👎 on it. It is no mention: it
 * orders nothing, and whoever sees the answer may say it.
 */
import type { types } from "@slack/bolt";
import { z } from "zod";
import { type Feedback, MAX_REASON_CHARS, type Verdict } from "../../src/core/feedback.ts";
import { FEEDBACK_FORM } from "../../src/surfaces/slack-actions.ts";
import { feedbackIn } from "../../src/surfaces/slack-feedback.ts";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import { type Clicked, ignored } from "./envelope.ts";
import { sentForm, textForm } from "./text-form.ts";

const Pressed = z.object({
  trigger_id: z.string().nullish(),
  user: z.object({ id: z.string() }),
  actions: z.tuple([z.object({ action_ts: z.string(), value: z.string() })], z.unknown()),
});

export function onFeedback(body: unknown): Clicked {
  const parsed = Pressed.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { user, actions, trigger_id } = parsed.data;
  const said = feedbackIn(actions[0].value);
  if (!said) return ignored("malformed");
  const at = msOf(actions[0].action_ts);
  const feedback: Feedback = { on: { turn: said.turn }, by: { surface: "slack", id: user.id }, value: said.value, at };
  if (said.value === "good" || !trigger_id) return { is: "feedback", feedback };
  return { is: "feedback", feedback, ask: { trigger: trigger_id, view: formFor(said.turn) } };
}

const FIELD = "reason";

const formFor = (turn: string): types.ModalView =>
  textForm({
    ...{ name: FEEDBACK_FORM, kept: turn, title: "What was wrong?", submit: "Send", close: "Skip" },
    ...{ field: FIELD, label: "For whoever looks after the bot", maxChars: MAX_REASON_CHARS, optional: true },
  });

const turnId = z.string().min(1).max(100);

export function onFeedbackReason(body: unknown): Clicked {
  const sent = sentForm(body, FIELD);
  const turn = turnId.safeParse(sent?.kept);
  if (!sent || !turn.success) return ignored("malformed");
  const { user, text: reason } = sent;
  if (reason === "") return ignored("no-text");
  const by = { surface: "slack" as const, id: user.id };
  return { is: "feedback", feedback: { on: { turn: turn.data }, by, value: "bad", reason, at: null } };
}

/** Slack's names of them; it appends the tone of the skin. */
const THUMBS: Record<string, Verdict> = { "+1": "good", thumbsup: "good", "-1": "bad", thumbsdown: "bad" };

export const thumbOf = (reaction: string): Verdict | undefined => {
  const name = reaction.replace(/::skin-tone-\d$/, "");
  return Object.hasOwn(THUMBS, name) ? THUMBS[name] : undefined;
};
