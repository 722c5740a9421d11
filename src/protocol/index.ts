/** What XMPP is, in one import: addresses, elements, stanzas, errors, namespaces, formats that extensions share. */
export * from './data-form.js';
export * from './date-time.js';
export * from './element.js';
export * from './errors.js';
export * from './form-submission.js';
export { domainToAscii } from './jid/domain.js';
export * from './jid.js';
export * from './language.js';
export * from './namespaces.js';
export * from './rsm.js';
export * from './saslprep.js';
export * from './stanza.js';
export * from './stanza-children.js';
