/** Keeps text and markup apart: whatever is put into markup is escaped, unless it is markup already. */

class Markup {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** What XML and HTML cannot hold, not even escaped. */
const UNSPEAKABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g;

export function escaped(text) {
  return String(text)
    .replace(UNSPEAKABLE, '\ufffd')
    .replace(/[&<>"']/g, (char) => ESCAPES[char]);
}

/** A template tag. Lists are joined; `undefined`, `null` and `false` are nothing. */
export function markup(strings, ...values) {
  return new Markup(strings.reduce((text, string, index) => text + written(values[index - 1]) + string));
}

function written(value) {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Markup) return value.text;
  return Array.isArray(value) ? value.map(written).join('') : escaped(value);
}
