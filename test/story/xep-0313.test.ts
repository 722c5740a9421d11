/** XEP-0313: archives of accounts, queried and paged. */
import { archiveStories } from '../support/story/archive-stories.js';
import { stories } from '../support/story/story.js';

stories('XEP-0313', archiveStories);
