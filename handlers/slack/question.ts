/**
 * The buttons under a question of the agent. An option is the presser's answer; "Other…" asks for it in a form. Who pressed is what
 * Slack signed, by id; whether they may answer, and whether the question is still open, the engine knows. Where no session follows the
 * thread any more it is nobody's answer, and never an order.
 */
import type { types } from "@slack/bolt";
import { z } from "zod";
import { MAX_OPTIONS } from "../../src/core/question.ts";
import type { NewMention } from "../../src/core/types.ts";
import { ANSWER_ACTION, ANSWER_FORM, OTHER_ACTION } from "../../src/surfaces/slack-actions.ts";
import { type Clicked, type Heard, ignored, type Us } from "./envelope.ts";
import { Click, clicked, personIn } from "./interaction.ts";
import { spoken } from "./spoken.ts";
import { sentForm, textForm } from "./text-form.ts";

const FIELD = "answer";
/** Slack takes no more in a field. */
const MAX_FIELD_CHARS = 3_000;

/** By the `action_id` of the button. */
export const answerActions: Record<string, (body: unknown, us: Us) => Clicked> = Object.fromEntries([
  ...Array.from({ length: MAX_OPTIONS }, (_, i) => [`${ANSWER_ACTION}_${i + 1}`, onOption]),
  [OTHER_ACTION, onOther],
]);

const questionId = z.string().min(1).max(200);

/** What we put on the button: `buttonValue` of the renderer. */
const Value = z.strictObject({ question: questionId, option: z.int().nonnegative().max(MAX_OPTIONS).optional() });
const Pressed = z.object({
  actions: z.tuple([z.object({ value: z.string() })], z.unknown()),
  trigger_id: z.string().nullish(),
});
/** What we gave the form to keep. */
const Kept = z.strictObject({
  question: questionId,
  team: z.string(),
  channel: z.string(),
  threadTs: z.string(),
  /** The question's. */
  message: z.string(),
  /** Of the click that opened it: a submission has no time of its own. */
  ts: z.string(),
});
type Kept = z.infer<typeof Kept>;

function onOption(body: unknown, us: Us): Heard {
  const pressed = pressedIn(body);
  if (pressed?.option === undefined) return ignored("malformed");
  const { click, question, option } = pressed;
  const way = `question/${question}/${click.actions[0].action_ts}/${click.user.id}`;
  const heard = clicked(click, us, { text: `option ${option + 1}`, way });
  return heard.is === "mention" ? { ...heard, mention: answer(heard.mention, { question, option }) } : heard;
}

function onOther(body: unknown, us: Us): Clicked {
  const pressed = pressedIn(body);
  if (!pressed?.trigger) return ignored("malformed");
  const { click, question, trigger } = pressed;
  const heard = clicked(click, us, { text: "", way: "" });
  if (heard.is !== "mention" || heard.mention.thread.surface !== "slack") return heard;
  const { team, channel, threadTs } = heard.mention.thread;
  const { message } = heard.mention;
  return {
    is: "form",
    trigger,
    view: form({ question, team, channel, threadTs, message, ts: click.actions[0].action_ts }),
  };
}

export function onAnswerForm(body: unknown): Heard {
  const sent = sentForm(body, FIELD);
  const kept = Kept.safeParse(sent && fromJson(sent.kept));
  if (!sent || !kept.success) return ignored("malformed");
  const { user, view, text } = sent;
  if (text === "") return ignored("no-text");
  const { question, ...place } = kept.data;
  const way = `question/${question}/${view}/${user.id}`;
  const { mention } = spoken({ ...place, by: personIn(sent), text, way });
  return { is: "mention", mention: answer(mention, { question }) };
}

/** Not addressed to us: a thread that no session follows begins nothing because of it. */
const answer = (mention: NewMention, answers: NonNullable<NewMention["answers"]>): NewMention => ({
  ...mention,
  addressed: false,
  answers,
});

function pressedIn(body: unknown) {
  const click = Click.safeParse(body);
  const pressed = Pressed.safeParse(body);
  const value = Value.safeParse(pressed.success ? fromJson(pressed.data.actions[0].value) : null);
  if (!click.success || !pressed.success || !value.success) return null;
  return { click: click.data, trigger: pressed.data.trigger_id, ...value.data };
}

const form = (kept: Kept): types.ModalView =>
  textForm({
    ...{ name: ANSWER_FORM, kept: JSON.stringify(kept), title: "Answer", submit: "Answer", close: "Cancel" },
    ...{ field: FIELD, label: "Your answer to the agent", maxChars: MAX_FIELD_CHARS },
  });

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
