/** The options of the archives of accounts: those of `pm` go before those of the module. */
import type { ModuleConfig } from '../../core/module/module.js';
import type { MamOptions } from '../../platform/config/index.js';
import type { WriterPace } from './archive-writer.js';
import type { JidFormatName } from './jid-format.js';
import type { MessageFormatName } from './message-format.js';

type Formats = { readonly db_jid_format: JidFormatName; readonly db_message_format: MessageFormatName };

export type ArchiveSettings = Omit<MamOptions, keyof Formats | 'async_writer'> &
  Formats & {
    readonly archive_groupchats: boolean;
    readonly same_mam_id_for_peers: boolean;
    readonly pace: WriterPace;
  };

/** `undefined` when accounts have no archives. */
export function archiveSettings(config: ModuleConfig<'mod_mam'>): ArchiveSettings | undefined {
  const { pm } = config;
  if (!pm) return undefined;
  const both = { ...config, ...pm };
  return {
    ...both,
    db_jid_format: both.db_jid_format ?? 'mam_jid_mini',
    db_message_format: both.db_message_format ?? 'mam_message_xml',
    pace: paceOf({ ...config.async_writer, ...pm.async_writer }),
  };
}

function paceOf({ enabled, flush_interval, batch_size }: MamOptions['async_writer']): WriterPace {
  return { paceMs: enabled ? flush_interval : 0, enough: batch_size };
}
