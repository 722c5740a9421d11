/** The native engine keeps the contract of engines. */
import { engineContract } from '../../contract/engine.js';
import { createNative } from './native-kit.js';

engineContract('native', createNative);
