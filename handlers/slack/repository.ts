/** The list under the question which repository: whoever chooses says `repo=` in that thread. */
import { z } from "zod";
import { type Heard, ignored, type Us } from "./envelope.ts";
import { Click, clicked } from "./interaction.ts";

const Choice = Click.extend({
  actions: z.tuple([z.object({ selected_option: z.object({ value: z.string() }) })], z.unknown()),
});

export function onRepository(body: unknown, us: Us): Heard {
  const parsed = Choice.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const [{ selected_option: chosen }] = parsed.data.actions;
  const click = Click.parse(body);
  // Each choice counts: whoever may not choose must not keep the same choice from those who may.
  const way = `repository/${click.actions[0].action_ts}/${click.user.id}`;
  return clicked(click, us, { text: `repo="${chosen.value}"`, way });
}
