/** Start here: shows what runs, lets people in, and hands over to the chat. */
import { fetchServerFacts } from './server-facts.js';
import { ChatView } from './ui/chat-view.js';
import { byId } from './ui/dom.js';
import { EnterForm } from './ui/enter-form.js';
import { showFacts } from './ui/facts.js';

void begin();

async function begin(): Promise<void> {
  try {
    const facts = await fetchServerFacts();
    showFacts(facts);
    const view = new ChatView((reason) => {
      byId('start').hidden = false;
      form.show(reason);
    });
    const form = new EnterForm(facts, view, (chat) => {
      byId('start').hidden = true;
      view.begin(chat);
    });
  } catch {
    byId('summary').textContent = 'The server does not answer. Is it running still?';
  }
}
