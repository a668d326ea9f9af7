/** A form with one field for words: how somebody sees it, and what Slack tells when they have sent it. */
import type { types } from "@slack/bolt";
import { z } from "zod";
import { Interaction } from "./interaction.ts";

export interface TextForm {
  /** The `callback_id`, by which the handler is found. */
  name: string;
  /** Slack hands it back with the form. */
  kept: string;
  title: string;
  submit: string;
  close: string;
  /** Names the field, and the block that it stands in. */
  field: string;
  label: string;
  maxChars: number;
  optional?: boolean;
}

export function textForm({ name, kept, title, submit, close, ...input }: TextForm): types.ModalView {
  const { field, label, maxChars, optional = false } = input;
  return {
    type: "modal",
    callback_id: name,
    private_metadata: kept,
    title: plain(title),
    submit: plain(submit),
    close: plain(close),
    blocks: [
      {
        type: "input",
        block_id: field,
        optional,
        label: plain(label),
        element: { type: "plain_text_input", action_id: field, multiline: true, max_length: maxChars },
      },
    ],
  };
}

const plain = (text: string): types.PlainTextElement => ({ type: "plain_text", text });

const Submitted = z.object({
  user: Interaction.shape.user,
  view: z.object({
    id: z.string(),
    private_metadata: z.string(),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), z.unknown())) }),
  }),
});
const Field = z.object({ value: z.string().nullish() });

interface Sent extends Pick<z.infer<typeof Interaction>, "user"> {
  /** Another one each time that the form is opened. */
  view: string;
  kept: string;
  /** Empty where nothing was written. */
  text: string;
}

/** Null for what Slack does not send of a form with that field. */
export function sentForm(body: unknown, field: string): Sent | null {
  const parsed = Submitted.safeParse(body);
  if (!parsed.success) return null;
  const { user, view } = parsed.data;
  const input = Field.safeParse(view.state.values[field]?.[field]);
  if (!input.success) return null;
  return { user, view: view.id, kept: view.private_metadata, text: input.data.value?.trim() ?? "" };
}
