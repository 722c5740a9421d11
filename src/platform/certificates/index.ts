/** Certificates: the server's own, those in files, and the names in a client's. */
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
} from './identity.js';
export { type OwnIdentity, type OwnIdentityOptions, ownIdentity } from './own-identity.js';
export { fingerprint } from './self-signed.js';
