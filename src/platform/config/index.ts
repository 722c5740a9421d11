/** The configuration: read, checked, and handed out as an immutable snapshot. */
export { type ConfigReport, checkConfigText, type PlacedNote, reportLines } from './check.js';
export { Config } from './config.js';
export { configSchema } from './json-schema.js';
export { type ConfigSource, type LoadOptions, type LoadResult, loadConfig } from './load.js';
export { type ConfigProblem, formatProblem, type Note, type ProblemKind } from './problems.js';
export { configReference } from './reference.js';
export type * from './types.js';
