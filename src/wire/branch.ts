/** What git takes as the name of a branch: the bot tells whoever names one, the daemon lets nothing else into git's arguments. */

/** The rules of `git check-ref-format --branch`. */
const FORBIDDEN = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock(\/|$)|\/\.|^@$|^HEAD$/u;
/** git's own is that of the file system, less what stands before it. */
const MAX_CHARS = 200;

export const isBranchName = (name: string): boolean => name !== "" && name.length <= MAX_CHARS && !FORBIDDEN.test(name);
