/** A letter on a colour that is always the same for one address. */

const HUES = 360;

export function paintAvatar(place: HTMLElement, jid: string, name: string): void {
  const [letter = '?'] = name;
  place.textContent = letter.toUpperCase();
  place.style.setProperty('--hue', String(hueOf(jid)));
}

export function hueOf(jid: string): number {
  let hash = 0;
  for (const character of jid) hash = (hash * 31 + (character.codePointAt(0) as number)) % 65_521;
  return (hash * 137) % HUES;
}
