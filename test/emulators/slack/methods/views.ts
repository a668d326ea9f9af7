/** `views.*` and `blocks.validate`: the home tab, modals, and Slack's own judgement of blocks. */
import { checkBlocks, isRecord } from "../blocks.ts";
import { numberedId } from "../ids.ts";
import type { Json } from "../types.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const viewMethods: Methods = {
  "views.publish": { token: "bot", tier: 4, run: publishHome },
  "views.open": { token: "bot", tier: 4, run: open },
  "blocks.validate": { token: "bot", tier: "special", run: validate },
};

function publishHome(call: Call): Json {
  const user = given.requiredArg(call, "user_id");
  if (!call.ws.people.has(user)) refuse("user_not_found");
  const view = viewArg(call, "home");
  call.ws.homes.set(user, view);
  call.ws.changed();
  return { view: viewShape(call, view) };
}

function open(call: Call): Json {
  const trigger =
    call.ws.triggers.get(given.requiredArg(call, "trigger_id", "invalid_trigger_id")) ?? refuse("invalid_trigger_id");
  // Three seconds after the press; a bot that asks a database first comes too late.
  if (call.ws.clock.now() > trigger.expiresAtMs) refuse("expired_trigger_id");
  const view = viewShape(call, viewArg(call, "modal"));
  call.ws.views.set(String(view.id), { user: trigger.user, view });
  call.ws.changed();
  return { view };
}

/** The shape of the answer is Slack's; the rules are those of `blocks.ts`. */
function validate(call: Call): Json {
  const [name] = ["blocks", "message", "view"].filter((argument) => given.textArg(call, argument) !== undefined);
  if (!name) return refuse("invalid_arguments");
  const value = given.nestedArg(call, name, "invalid_arguments");
  const blocks = isRecord(value) ? value.blocks : value;
  const verdict = checkBlocks(blocks, name === "view" ? "view" : "message");
  if (verdict.is === "fine") return {};
  const problems =
    verdict.is === "invalid_blocks" ? verdict.problems : [{ pointer: "/blocks", message: "too many characters" }];
  const errors = problems.map(({ pointer, message }) => {
    // Pointers lead into what was passed: an array of blocks, or something that has one.
    return {
      pointer: name === "blocks" ? pointer.replace(/^\/blocks/, "") : pointer,
      code: "failed_constraint",
      message,
    };
  });
  return refuse(`invalid_${name}`, { errors });
}

function viewArg(call: Call, type: "home" | "modal"): Json {
  const view = given.nestedArg(call, "view", "invalid_arguments");
  if (!isRecord(view) || view.type !== type) return refuse("invalid_arguments");
  const verdict = checkBlocks(view.blocks, "view");
  if (verdict.is !== "invalid_blocks") return view;
  return refuse("invalid_arguments", {
    response_metadata: {
      messages: verdict.problems.map(({ pointer, message }) => `[ERROR] ${message} [json-pointer:/view${pointer}]`),
    },
  });
}

function viewShape(call: Call, view: Json): Json {
  const id = numberedId(call.ws, "V");
  return {
    ...view,
    id,
    team_id: call.ws.team.id,
    app_id: call.ws.app.id,
    bot_id: call.ws.app.botId,
    root_view_id: id,
    hash: `1.${id}`,
    state: { values: {} },
  };
}
