/** Reads a response of server-sent events one by one, and lets go of it as a browser that leaves does. */
import { EventSourceParserStream } from "eventsource-parser/stream";

export interface SeenEvent {
  id: string | undefined;
  event: string | undefined;
  data: Record<string, unknown>;
}

export function eventsOf(response: Response) {
  if (response.body === null) throw new Error("the response has no body");
  const reader = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  return {
    /** The next `count` events. */
    async take(count: number): Promise<SeenEvent[]> {
      const seen: SeenEvent[] = [];
      while (seen.length < count) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${seen.length} of ${count} events`);
        seen.push({ id: value.id, event: value.event, data: JSON.parse(value.data) });
      }
      return seen;
    },
    leave: () => reader.cancel(),
  };
}
