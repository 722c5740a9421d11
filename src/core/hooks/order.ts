/** The bands in which handlers of one hook run. Within a band the order must not matter. */

export const order = {
  /** Rules about who may do what at all: nothing else should see a stanza that they refuse. */
  access: 0,
  /** What the user has blocked: before anything is changed, stored or copied. */
  privacy: 1,
  /** Changes to the stanza: whoever stores or copies it must see its final form. */
  transform: 2,
  /** Taking a stanza off the ordinary way to its recipient. */
  route: 3,
  /** Writing it to the archive: before copies are made, so that these can carry the archive's id. */
  archive: 4,
  /** Copies to other sessions of the same account. */
  copy: 5,
  /** Bookkeeping about what has happened: counters, times, tables of who is where. */
  record: 6,
  /** Undoing and freeing: after everyone had a last look. */
  cleanup: 7,
} as const;

export type Order = (typeof order)[keyof typeof order];
