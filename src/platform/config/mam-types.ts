/** The shape of the options of archives. */
import type { BackendName } from './types.js';

/** Of archives of accounts and of rooms alike. */
export interface MamOptions {
  readonly backend: BackendName;
  readonly no_stanzaid_element: boolean;
  readonly archive_chat_markers: boolean;
  readonly message_retraction: boolean;
  /** Unset: nobody has preferences. They are kept where the archive is. */
  readonly user_prefs_store?: 'rdbms' | 'mnesia' | undefined;
  readonly full_text_search: boolean;
  readonly cache_users: boolean;
  readonly default_result_limit: number;
  readonly max_result_limit: number;
  readonly enforce_simple_queries: boolean;
  readonly db_jid_format?: 'mam_jid_mini' | 'mam_jid_rfc' | 'mam_jid_rfc_trust' | undefined;
  readonly db_message_format?: 'mam_message_xml' | 'mam_message_eterm' | 'mam_message_compressed_eterm' | undefined;
  readonly async_writer: {
    readonly enabled: boolean;
    /** Milliseconds. */
    readonly flush_interval: number;
    readonly batch_size: number;
  };
  /** Beyond it, results are not counted. */
  readonly max_count: number | 'infinity';
}

export interface MamModule extends MamOptions {
  /** Unset: accounts have no archives. */
  readonly pm?:
    | (Partial<Omit<MamOptions, 'async_writer'>> & {
        readonly async_writer?: Partial<MamOptions['async_writer']> | undefined;
        readonly archive_groupchats: boolean;
        readonly same_mam_id_for_peers: boolean;
      })
    | undefined;
  readonly cache: {
    readonly strategy: 'fifo' | 'lru';
    /** Minutes. */
    readonly time_to_live: number | 'infinity';
    readonly number_of_segments: number;
  };
  readonly retention: {
    /** Days. */
    readonly max_age: number | 'infinity';
    readonly max_messages: number | 'infinity';
    /** Bytes. */
    readonly max_size: number | 'infinity';
    /** Seconds. */
    readonly interval: number;
  };
}
