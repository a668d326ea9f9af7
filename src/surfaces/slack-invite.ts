/** Where the bot is not in the channel, whoever reads of that is told what to type. */
import { ThreadboxError } from "../errors.ts";
import { toSlackFailure } from "./slack-calls.ts";

/** Around whatever posts. */
export type Inviting = <T>(posting: Promise<T>) => Promise<T>;

export const invitingAs =
  (name: string): Inviting =>
  (posting) =>
    posting.catch((thrown: unknown) => {
      const failure = toSlackFailure(thrown);
      if (failure.code !== "surface.not-in-channel") throw failure;
      throw new ThreadboxError(failure.code, `The bot is not in the channel: /invite @${name}`, { cause: failure });
    });
