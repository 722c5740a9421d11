/** Base64 of bytes and of text in UTF-8. */

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** Throws for what is not Base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function textToBase64(text: string): string {
  return toBase64(new TextEncoder().encode(text));
}

export function textFromBase64(text: string): string {
  return new TextDecoder().decode(fromBase64(text));
}
