/** Lines of shell that every provider runs inside, and how words get into one. */

/** Writes its input to the file $1, in one step: whoever reads meanwhile finds the old one or the new one. */
export const PUT = 'mkdir -p "$(dirname "$1")" && cat >"$1.new" && mv -f "$1.new" "$1"';

/** The last $2 bytes of the file $1, or nothing. */
export const TAIL = 'if [ -f "$1" ]; then tail -c "$2" "$1"; fi';

/** Text as one word of a shell's line. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
