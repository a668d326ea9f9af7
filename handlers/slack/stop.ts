/** The Stop button under the progress: the presser says "stop" in that thread. */
import { type Heard, ignored, type Us } from "./envelope.ts";
import { Click, clicked } from "./interaction.ts";

export function onStop(body: unknown, us: Us): Heard {
  const parsed = Click.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  // A double click is two actions; to stop twice does no harm, but a delivery that is repeated must count once.
  const { user, actions } = parsed.data;
  return clicked(parsed.data, us, { text: "stop", way: `action/${actions[0].action_ts}/${user.id}` });
}
