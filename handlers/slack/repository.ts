/** The list under the question which repository: whoever chooses says `repo=` in that thread. */
import { z } from "zod";
import { type Heard, ignored, type Us } from "./envelope.ts";
import { Click, clicked } from "./stop.ts";

const Choice = Click.extend({
  actions: z.tuple([z.object({ selected_option: z.object({ value: z.string() }) })], z.unknown()),
});

export function onRepository(body: unknown, us: Us): Heard {
  const parsed = Choice.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const [{ selected_option: chosen }] = parsed.data.actions;
  // One list asks once: whoever chooses the same again, or somebody else does at the same moment, has said it already.
  const way = `repository/${parsed.data.container.message_ts}/${chosen.value}`;
  return clicked(Click.parse(body), us, { text: `repo="${chosen.value}"`, way });
}
