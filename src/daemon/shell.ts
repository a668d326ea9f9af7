/** Text as one word of a shell's command line, for the few commands that other programs (git, pi) only take as such. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
