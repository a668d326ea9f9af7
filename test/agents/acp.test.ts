/**
 * The generic adapter: the contract of every agent, with OpenCode's own `opencode acp` as the command. What it cannot keep is said with the
 * reason: some of it is the protocol's, some OpenCode's.
 */
import { dirname } from "node:path";
import { createAcp } from "../../src/daemon/agents/acp.ts";
import { agentContract } from "../contracts/agent.ts";
import type { AgentUnderTest } from "../contracts/agent-bench.ts";
import { binary } from "./binaries.ts";

const NO_STEERING = "the protocol's version 1 cannot add to a running prompt; the daemon queues it";
const NO_QUESTIONS = "OpenCode does not pass its questions on over the protocol";
const NO_STATUS = "OpenCode tells a provider's words over the protocol, and not the status";
const SILENT =
  "OpenCode tries again and again without telling so over the protocol; the silence watch ends such a turn";

const config = (modelUrl: string) => ({
  autoupdate: false,
  share: "disabled",
  // Its own settings say what it asks for; rules decide about what it asks.
  permission: { bash: "ask", edit: "ask" },
  model: "fake/fake-model",
  small_model: "fake/fake-small",
  provider: {
    fake: {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: `${modelUrl}/v1`, apiKey: "key-of-the-test" },
      models: {
        "fake-model": { limit: { context: 128_000, output: 8_000 }, cost: { input: 1, output: 2 } },
        "fake-small": {},
      },
    },
  },
});

const opencode: AgentUnderTest = {
  create: (context) => createAcp({ ...context, command: ["opencode", "acp"] }),
  env: (modelUrl) => ({
    PATH: `${dirname(binary("opencode"))}:/usr/local/bin:/usr/bin:/bin`,
    OPENCODE_CONFIG_CONTENT: JSON.stringify(config(modelUrl)),
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    npm_config_offline: "true",
  }),
  runs: (command) => ({ name: "bash", arguments: { command, description: "runs it" } }),
  asks: (question, options) => ({ name: "question", arguments: { questions: [{ question, options }] } }),
  leave: { tool: "execute" },
  ownVariables: /^(OPENCODE\w*|AGENT|THREADBOX_AGENT_STATE|npm_config_offline|TERM)=/,
  cannot: {
    "usage and cost are those of the prompt, not of the session":
      "OpenCode tells over the protocol what its last answer took, and only the cost of the whole prompt",
    "a tool's environment holds what was given, without the key":
      "agents behind the protocol read their keys from the environment, and their tools inherit it",
    "what is said during a tool reaches the model before it answers": NO_STEERING,
    'a question waits for its answer, and the model hears "SQLite"': NO_QUESTIONS,
    'a question waits for its answer, and the model hears "Neither: \\"files\\" will do\\nfor now"': NO_QUESTIONS,
    "the model hears that nobody answered, with Postgres default": NO_QUESTIONS,
    "the model hears that nobody answered, with no default": NO_QUESTIONS,
    "abort ends a prompt that waits for an answer, and the same agent goes on": NO_QUESTIONS,
    "closing ends a prompt that waits for an answer": NO_QUESTIONS,
    "the provider's 401 is model.unauthorized": NO_STATUS,
    "the provider's 403 is model.unauthorized": NO_STATUS,
    "the provider's 429 is model.rate-limited": NO_STATUS,
    "the provider's 429 is told in its own words": SILENT,
    "the provider's 500 is model.unavailable": SILENT,
    "the provider's 500 is told in its own words": SILENT,
    "a provider that cannot be reached is model.unavailable": SILENT,
    "no key for any model is agent.no-model": "which keys a command needs, only the command knows",
  },
};

agentContract("acp", opencode);
