/** Every module there is. The configuration chooses among them. */
import type { AnyModule } from '../core/module/module.js';
import modAdhoc from './adhoc/mod_adhoc.js';
import modAmp from './amp/mod_amp.js';
import modCacheUsers from './cache/mod_cache_users.js';
import modCaps from './caps/mod_caps.js';
import modCarboncopy from './carbons/mod_carboncopy.js';
import modCsi from './csi/mod_csi.js';
import modDisco from './disco/mod_disco.js';
import modDomainIsolation from './domain-isolation/mod_domain_isolation.js';
import modExtdisco from './extdisco/mod_extdisco.js';
import modLast from './last/mod_last.js';
import modMam from './mam/mod_mam.js';
import modOffline from './offline/mod_offline.js';
import modOfflineStub from './offline/mod_offline_stub.js';
import modPing from './ping/mod_ping.js';
import modPresence from './presence/mod_presence.js';
import modBlocking from './privacy/mod_blocking.js';
import modPrivacy from './privacy/mod_privacy.js';
import modPrivate from './private/mod_private.js';
import modRegister from './register/mod_register.js';
import modRoster from './roster/mod_roster.js';
import modSic from './sic/mod_sic.js';
import modStanzaid from './stanzaid/mod_stanzaid.js';
import modStreamManagement from './stream-management/mod_stream_management.js';
import modTime from './time/mod_time.js';
import modVcard from './vcard/mod_vcard.js';
import modVersion from './version/mod_version.js';

export const modules: readonly AnyModule[] = [
  modCacheUsers,
  modRoster,
  modPresence,
  modStreamManagement,
  modCarboncopy,
  modCsi,
  modAmp,
  modDisco,
  modCaps,
  modAdhoc,
  modExtdisco,
  modSic,
  modPing,
  modVersion,
  modTime,
  modLast,
  modPrivate,
  modVcard,
  modStanzaid,
  modMam,
  modOffline,
  modOfflineStub,
  modRegister,
  modPrivacy,
  modBlocking,
  modDomainIsolation,
];
