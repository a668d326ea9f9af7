/** Words as new messages of a thread: piece by piece, each under a marker of its own, so that what broke off half-way is completed, not begun again. */
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Rendered } from "./slack-blocks.ts";
import type { SlackClients } from "./slack-calls.ts";
import { besideFeedback } from "./slack-feedback.ts";
import type { Inviting } from "./slack-invite.ts";
import { post, type SlackThread, type Standing, standingFor } from "./slack-thread.ts";
import type { MessageRef, PostId } from "./surface.ts";

export interface PieceMessages {
  /** Gives back the name of the first. `standing` is what stands there already, for whoever has looked. */
  post(at: SlackThread, pieces: Rendered[], id: PostId, standing?: Standing): Promise<MessageRef>;
}

export function pieceMessages(
  { answers, reads }: SlackClients,
  { inviting, log }: { inviting: Inviting; log: Log },
): PieceMessages {
  const asking = besideFeedback(log);
  return {
    async post(at, pieces, id, standing) {
      const { messages } = standing ?? (await standingFor(reads, at, id));
      const refs: MessageRef[] = [];
      for (const [i, piece] of pieces.entries()) {
        const marker = `${id.marker}/${i}`;
        const send = (message: Rendered) => post(answers, at, message, marker);
        refs.push(messages.get(marker) ?? (await inviting(asking(at.team, piece, send))));
      }
      if (refs[0] === undefined) throw new ThreadboxError("internal", "there was nothing to say");
      return refs[0];
    },
  };
}
