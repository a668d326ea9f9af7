/** Lines of shell that every provider runs inside, and how words get into one. */

/** In front of what root may run: the image's PATH can begin with a folder that the agent writes to, and root's programs are not from there. */
export const ROOT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH; export PATH";

/** Writes its input to the file $1, in one step: whoever reads meanwhile finds the old one or the new one. */
export const PUT = `${ROOT_PATH}
mkdir -p "$(dirname "$1")" && cat >"$1.new" && mv -f "$1.new" "$1"`;

/** The last $2 bytes of the file $1, or nothing. */
export const TAIL = `${ROOT_PATH}
if [ -f "$1" ]; then tail -c "$2" "$1"; fi`;

/** Text as one word of a shell's line. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
