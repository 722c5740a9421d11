/** The order in which a comparison measures: in turns, so that what else the machine does falls on all servers alike. */

/**
 * All servers of a profile, then all of them again, each time beginning with another one.
 *
 * @template Server, Profile
 * @param {{ servers: Server[], profiles: Profile[], repeat: number, serves: (server: Server, profile: Profile) => boolean }} what
 * @returns {{ server: Server, profile: Profile, turn: number }[]}
 */
export function measurements({ servers, profiles, repeat, serves }) {
  return profiles.flatMap((profile) => {
    const able = servers.filter((server) => serves(server, profile));
    return Array.from({ length: repeat }, (_, turn) =>
      rotated(able, turn).map((server) => ({ server, profile, turn })),
    ).flat();
  });
}

function rotated(values, by) {
  const from = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(from), ...values.slice(0, from)];
}
