/**
 * A language model that follows a script, over HTTP like any model: the agent that talks to it cannot tell. For the demo without
 * a key and for tests; whatever shows what it says also says that it is scripted.
 */
import { type ChatCompletionRequest, LLMock } from "@copilotkit/aimock";

/** One answer of the model: words, tool calls, or both. */
export interface Step {
  says?: string;
  calls?: { tool: string; with: Record<string, unknown> }[];
}

export interface Script {
  /** Which prompts it is for: the text of the last user message. */
  when: RegExp;
  /** One step for each time the model is asked during that prompt; the last one is repeated. */
  steps: Step[];
}

export interface ScriptedModel {
  /** Base URL as Anthropic's SDKs take it, without /v1. */
  url: string;
  /** The server itself, for scripts that need more (errors, slow streams). */
  server: LLMock;
  close(): Promise<void>;
}

/** The first script whose pattern fits is followed; what fits none is answered "I have no script for that." */
export async function scriptedModel(scripts: Script[]): Promise<ScriptedModel> {
  const server = new LLMock({ port: 0, logLevel: "silent" });
  for (const script of scripts) {
    server.on({ userMessage: script.when }, (request: ChatCompletionRequest) =>
      reply(script.steps[Math.min(stepsDone(request), script.steps.length - 1)]),
    );
  }
  server.on({}, { content: "I have no script for that.", usage: USAGE });
  await server.start();
  return { url: server.url, server, close: () => server.stop() };
}

/** How often the model has answered since the last user message: that many steps of the script are done. */
function stepsDone({ messages }: ChatCompletionRequest): number {
  const lastPrompt = messages.findLastIndex((message) => message.role === "user");
  return messages.slice(lastPrompt + 1).filter((message) => message.role === "assistant").length;
}

/** Shown as the cost of the turn. A script has none, so the figures are small and plainly made up. */
const USAGE = {
  prompt_tokens: 1_200,
  completion_tokens: 60,
  total_tokens: 1_260,
  input_tokens: 1_200,
  output_tokens: 60,
};

function reply(step: Step | undefined) {
  const toolCalls = (step?.calls ?? []).map(({ tool, with: input }) => ({
    name: tool,
    arguments: JSON.stringify(input),
  }));
  const content = step?.says ?? "";
  return toolCalls.length > 0 ? { content, toolCalls, usage: USAGE } : { content, usage: USAGE };
}
