/** Certificates: the server's own, those in files, and the names in a client's. */

export { ExpiryWarnings } from './expiry.js';
export { type CertificateIdentities, certificateIdentities } from './identities.js';
export {
  type CertificateProblem,
  coversDomain,
  describeProblem,
  type Expectations,
  type Identity,
  type IdentityFiles,
  type LoadedIdentity,
  loadIdentity,
  oneLine,
} from './identity.js';
export {
  CertificateLedger,
  type CertificatePass,
  type CertificateRow,
  type PartReading,
  type Refusal,
} from './ledger.js';
export { type OwnIdentity, type OwnIdentityOptions, ownIdentity, ownIdentityFiles } from './own-identity.js';
export { fingerprint } from './self-signed.js';
export { WatchedFiles } from './watched-files.js';
