/** The portable engine keeps the contract of engines. */
import { createPortableEngine } from '../../../src/engine/portable/portable-engine.js';
import { engineContract } from '../../contract/engine.js';

engineContract('portable', createPortableEngine);
