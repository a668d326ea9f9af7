/** A model that says one sentence, and tells when it was asked. */
import { LLMock } from "@copilotkit/aimock";

export interface Model {
  url: string;
  /** Resolves with the moment of the next request. */
  asked(): Promise<number>;
  close(): Promise<void>;
}

export const SAID = "Nothing to do here.";

export async function startModel(): Promise<Model> {
  const server = new LLMock({ port: 0, logLevel: "silent" });
  let next = Promise.withResolvers<number>();
  server.on({}, () => {
    next.resolve(performance.now());
    return { content: SAID, usage: { input_tokens: 100, output_tokens: 10 } };
  });
  await server.start();
  return {
    url: server.url,
    asked() {
      next = Promise.withResolvers<number>();
      return next.promise;
    },
    close: () => server.stop(),
  };
}
