/** The version of everything in this folder. The bot refuses a daemon that speaks another one, and puts a fresh one in. */
export const WIRE_VERSION = 5;
