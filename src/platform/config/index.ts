/** The configuration: read, checked, and handed out as an immutable snapshot. */
export { Config } from './config.js';
export { type ConfigSource, type LoadOptions, type LoadResult, loadConfig } from './load.js';
export { type ConfigProblem, formatProblem, type Note, type ProblemKind } from './problems.js';
export type * from './types.js';
