/** What providers say through pi 0.87.1, and the code that it becomes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { modelFailure } from "../../../src/daemon/agents/model-failure.ts";

for (const [said, retried, code, detail] of [
  [
    '401 {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
    false,
    "model.unauthorized",
    "401: invalid x-api-key",
  ],
  [
    'OpenAI API error (429): {"message":"slow down","type":"rate_limit_error","param":null,"code":null}',
    true,
    "model.rate-limited",
    "OpenAI API error (429): slow down",
  ],
  [
    '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    true,
    "model.unavailable",
    "529: Overloaded",
  ],
  ["Connection error.", true, "model.unavailable", "Connection error."],
  ["The model returned an empty response", false, "model.failed", "The model returned an empty response"],
  ["400 prompt is too long: 250000 tokens", false, "model.failed", "400 prompt is too long: 250000 tokens"],
  ["500 {not json", true, "model.unavailable", "500 {not json"],
] as const) {
  test(said, () => assert.deepEqual(modelFailure(said, retried), { code, detail }));
}
