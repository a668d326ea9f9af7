/** What Modal's server tells and its SDK reads and throws away: what a build says, the tags of what is listed, when a limit ends. */
import type { ModalClientParams } from "modal";
import { z } from "zod";
import { rememberRetryAfter } from "./modal-failure.ts";

type Middleware = NonNullable<ModalClientParams["grpcMiddleware"]>[number];

const BuildNews = z.object({ taskLogs: z.array(z.object({ data: z.string() })) });
const BUILD_LOG = "/modal.client.ModalClient/ImageJoinStreaming";
const Page = z.object({
  sandboxes: z.array(
    z.object({ id: z.string(), tags: z.array(z.object({ tagName: z.string(), tagValue: z.string() })) }),
  ),
});
const LIST = "/modal.client.ModalClient/SandboxListV2";
const STATUS_DETAILS = "grpc-status-details-bin";

/** A sandbox of a list, with its tags. */
export interface ListedAtModal {
  id: string;
  tags: Record<string, string>;
}

export interface Observers {
  /** Empty when nothing was said yet: from now on a build is waited for. */
  buildLog(text: string): void;
  listed(sandbox: ListedAtModal): void;
}

/** As a middleware of the SDK's client; every call passes through it unchanged. */
export function observe(observers: Observers): Middleware {
  return async function* (call, options) {
    let details: unknown;
    const watched = {
      ...options,
      onTrailer(trailer: Parameters<NonNullable<typeof options.onTrailer>>[0]) {
        details = trailer.get(STATUS_DETAILS);
        options.onTrailer?.(trailer);
      },
    };
    try {
      if (!call.responseStream) {
        const answer = yield* call.next(call.request, watched);
        if (call.method.path === LIST) tellPage(answer, observers.listed);
        return answer;
      }
      if (call.method.path === BUILD_LOG) observers.buildLog("");
      for await (const item of call.next(call.request, watched)) {
        const news = call.method.path === BUILD_LOG ? BuildNews.safeParse(item) : null;
        for (const { data } of news?.data?.taskLogs ?? []) observers.buildLog(data);
        yield item;
      }
    } catch (error) {
      if (details instanceof Uint8Array) rememberRetryAfter(error, details);
      throw error;
    }
  };
}

/** Where the server leaves something out, nothing is told, and whoever needs it asks. */
function tellPage(answer: unknown, listed: Observers["listed"]): void {
  for (const { id, tags } of Page.safeParse(answer).data?.sandboxes ?? [])
    listed({ id, tags: Object.fromEntries(tags.map(({ tagName, tagValue }) => [tagName, tagValue])) });
}
