/** Judges an XML declaration (XML 1.0 production 23). */
import { streamFailure } from '../envelope.js';

const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>$/;

/** RFC 6120 section 11.6: nothing but UTF-8. */
export function declarationFailure(text: string): number {
  const match = DECLARATION.exec(text);
  if (!match) return streamFailure.NOT_WELL_FORMED;
  const encoding = match[1] ?? match[2] ?? 'UTF-8';
  return encoding.toUpperCase() === 'UTF-8' ? streamFailure.NONE : streamFailure.UNSUPPORTED_ENCODING;
}
