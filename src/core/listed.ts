/** What a list of `threadbox.yml` says of somebody: everybody where it is left out, nobody where it is empty. */
export const isListed = (listed: readonly string[] | undefined, id: string): boolean => listed?.includes(id) ?? true;
