/**
 * The tool with which pi's model asks people: an extension of pi, written beside its settings and loaded by name. It imports nothing, so
 * that it runs wherever pi lies. pi has no dialog with options and free words at once; this takes `input`, and carries the options in
 * the placeholder, where `pi-dialog.ts` finds them.
 */

/** Not `.ts`: pi would load Babel at every start to translate it, a third of what a start costs. Node runs this as it is. */
export const ASK_FILE = "ask.mjs";

export const ASK_EXTENSION = `export default (pi) =>
  pi.registerTool({
    name: "ask",
    label: "Ask",
    description:
      "Ask the people you work for a question, and wait for the answer. Only for what you cannot find out yourself, and where a wrong guess " +
      "would be costly: otherwise decide, and say what you assumed. People may take a long while, and perhaps nobody answers.",
    promptSnippet: "Ask the people you work for a question and wait for the answer",
    executionMode: "sequential",
    parameters: {
      type: "object",
      properties: {
        question: { type: "string", description: "The question, with all that one has to know to answer it" },
        options: {
          type: "array",
          items: { type: "string" },
          description: "At most ten answers to choose from, a few words each; other words may come back all the same",
        },
        default: { type: "string", description: "The answer that counts when nobody answers in time" },
      },
      required: ["question"],
    },
    async execute(_call, { question, options = [], default: otherwise = null }, signal, _update, ctx) {
      const answer = await ctx.ui.input(question, JSON.stringify({ ask: { options, otherwise } }), { signal });
      const without = otherwise ? "Go on with the default: " + otherwise : "Go on with your best judgement, and say what you assumed.";
      const text = answer === undefined ? "Nobody answered in time. " + without : answer.trim() || "(an empty answer)";
      return { content: [{ type: "text", text }], details: undefined };
    },
  });
`;
