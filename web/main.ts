/** Start here: shows what runs. */
import { fetchServerFacts } from './server-facts.js';
import { byId } from './ui/dom.js';
import { showFacts } from './ui/facts.js';

void begin();

async function begin(): Promise<void> {
  try {
    showFacts(await fetchServerFacts());
  } catch {
    byId('summary').textContent = 'The server does not answer. Is it running still?';
  }
}
