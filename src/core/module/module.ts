/** The shape of a module: static facts that can be read without starting anything, and one function that starts it. */
import type { Config } from '../../platform/config/index.js';
import type { StoreDefinition, StoreOf } from '../storage/index.js';
import type { UsedApis, Uses } from './api.js';
import type { Scope } from './scope.js';

/** Where a module says which standard it implements; the standards page is generated from this. */
export interface Xep {
  readonly number: number;
  readonly version: string;
  readonly status: 'complete' | 'partial';
}

export type Stores = Readonly<Record<string, StoreDefinition<unknown>>>;
export type OpenStores<S extends Stores> = { readonly [K in keyof S]: StoreOf<S[K]> };

/** The options of a module as the configuration holds them; an object without keys for a module that has none. */
export type ModuleConfig<N extends string> = N extends keyof Config['modules']
  ? NonNullable<Config['modules'][N]>
  : Record<string, never>;

export interface ModuleDefinition<N extends string = string, S extends Stores = Stores, U extends Uses = Uses> {
  /** The key under `[modules]` in the configuration file, and the name of the module's file. */
  readonly name: N;
  readonly xeps: readonly Xep[];
  readonly stores?: S;
  /** Modules that have to run before, and what they offer. */
  readonly uses?: U;
  /** Advertised by service discovery for as long as the module runs. */
  readonly features?: readonly string[];
  /** Whatever is registered through the scope is undone when the module stops. */
  start(scope: Scope<ModuleConfig<N>, OpenStores<S>, UsedApis<U>>): void | Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds modules of every type
export type AnyModule = ModuleDefinition<any, any, any>;

export function defineModule<
  N extends string,
  S extends Stores = Record<never, never>,
  U extends Uses = Record<never, never>,
>(definition: ModuleDefinition<N, S, U>): ModuleDefinition<N, S, U> {
  return definition;
}
