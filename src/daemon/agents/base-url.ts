/** Base URLs of models as agents want them. People write them either with or without the version. */

/** For agents that append `/v1/…`. */
export const withoutVersion = (url: string): string => url.replace(/\/+$/, "").replace(/\/v1$/, "");

/** For agents that append no version. Whoever names a path has named all of it. */
export function withVersion(url: string): string {
  const base = url.replace(/\/+$/, "");
  return new URL(base).pathname === "/" ? `${base}/v1` : base;
}
