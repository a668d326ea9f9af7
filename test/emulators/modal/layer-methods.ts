/** The control plane's images: asked for by content, built while the caller listens, looked up and deleted by id. */
import type { Cloud } from "./cloud.ts";
import type { Handlers } from "./grpc-server.ts";
import { imageById, imageFor, type StoredImage } from "./images.ts";
import { STATUS } from "./sandbox.ts";
import type { Draft } from "./wire.ts";

export function layerMethods(cloud: Cloud) {
  return {
    ImageGetOrCreate(request) {
      const image = imageFor(cloud, request);
      return { imageId: image.id, result: resultOf(image) };
    },
    async *ImageJoinStreaming({ imageId, lastEntryId }, call) {
      const image = imageById(cloud, imageId);
      const start = Number(lastEntryId) || 0;
      let at = start;
      for await (const bytes of image.log.from(start, { caller: call.signal, gone: NEVER })) {
        at += bytes.length;
        const timestamp = cloud.clock.now() / 1000;
        const data = Buffer.from(bytes).toString("utf8");
        yield { taskLogs: [{ data, timestamp, fileDescriptor: 1 }], entryId: String(at) };
      }
      await image.settled;
      yield { result: resultOf(image), eof: true };
    },
    ImageFromId: ({ imageId }) => ({ imageId: imageById(cloud, imageId).id }),
    ImageDelete({ imageId }) {
      imageById(cloud, imageId).deleted = true;
      return {};
    },
  } satisfies Partial<Handlers>;
}

const NEVER = new AbortController().signal;

/** Nothing as long as it is being built. */
function resultOf({ state }: StoredImage): Draft<"GenericResult"> | undefined {
  if (state.is === "building") return undefined;
  if (state.is === "ready") return { status: STATUS.success };
  return { status: STATUS.failure, exitcode: state.exitcode, exception: state.exception };
}
