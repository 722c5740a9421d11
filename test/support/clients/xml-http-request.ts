/** As much of a browser's XMLHttpRequest as libraries for BOSH use, over `fetch`. */
import { DOMParser } from '@xmldom/xmldom';

export class FetchedRequest {
  readyState = 0;
  status = 0;
  responseText = '';
  responseXML: unknown = null;
  onreadystatechange: () => void = () => {};
  readonly #fields: Record<string, string> = {};
  readonly #abort = new AbortController();
  #url = '';
  #answered = '';

  open(_method: string, url: string): void {
    this.#url = url;
    this.#be(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#fields[name] = value;
  }

  getAllResponseHeaders(): string {
    return this.#answered;
  }

  send(body: string): void {
    void this.#fetch(body);
  }

  abort(): void {
    this.#abort.abort();
  }

  async #fetch(body: string): Promise<void> {
    try {
      const { signal } = this.#abort;
      const answer = await fetch(this.#url, { method: 'POST', headers: this.#fields, body, signal });
      this.#answered = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\r\n');
      this.responseText = await answer.text();
      this.responseXML = new DOMParser().parseFromString(this.responseText, 'text/xml');
      this.status = answer.status;
    } catch {
      this.status = 0;
    }
    this.#be(4);
  }

  #be(state: number): void {
    this.readyState = state;
    this.onreadystatechange();
  }
}
