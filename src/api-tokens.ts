/** The variable API_TOKENS: which programs may ask, and how each proves who it is. */
import { z } from "zod";

/** `ci:<token>,ops:<token>`: a guess has to be hopeless, because whoever has one starts work. */
export function apiTokens() {
  const error =
    "name:token of each client, with commas between them: names of a-z, 0-9 and -, tokens of 32 characters or more (`openssl rand -hex 32`), none twice";
  const list = z.string().transform((value) =>
    value.split(",").map((one) => {
      const [, name = "", token = ""] = /^([a-z\d][a-z\d-]{0,19}):(\S{32,})$/.exec(one.trim()) ?? [];
      return { name, token };
    }),
  );
  const isRight = (all: { name: string; token: string }[]): boolean =>
    all.every(({ name }) => name !== "") &&
    new Set(all.map(({ name }) => name)).size === all.length &&
    new Set(all.map(({ token }) => token)).size === all.length;
  return list.refine(isRight, { error }).optional();
}
