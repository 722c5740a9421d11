/** What stands on a terminal of DEC's, the VT52: it has no attributes, no regions and no inserting, so that little can be misread. */
const ESC = 0x1b;
const ORIGIN = 32;

export class Screen {
  readonly #cells: string[][];
  readonly #columns: number;
  readonly #decoder = new TextDecoder();
  #row = 0;
  #column = 0;
  /** An escape sequence that is not whole yet. */
  #sequence: number[] = [];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#cells = Array.from({ length: rows }, () => this.#blank());
  }

  /** Its lines, without the blanks at their ends. */
  get lines(): string[] {
    return this.#cells.map((row) => row.join('').trimEnd());
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#sequence.length > 0 || byte === ESC) this.#escape(byte);
      else if (byte < ORIGIN) this.#control(byte);
      else for (const character of this.#decoder.decode(Uint8Array.of(byte), { stream: true })) this.#put(character);
    }
  }

  #put(character: string): void {
    const row = this.#cells[this.#row] as string[];
    row[this.#column] = character;
    this.#column = Math.min(this.#column + 1, this.#columns - 1);
  }

  #control(byte: number): void {
    if (byte === 8) this.#column = Math.max(this.#column - 1, 0);
    else if (byte === 9) this.#column = Math.min((this.#column & ~7) + 8, this.#columns - 1);
    else if (byte === 10) this.#down();
    else if (byte === 13) this.#column = 0;
  }

  /** One line on; below the last one everything moves up. */
  #down(): void {
    if (this.#row < this.#cells.length - 1) this.#row++;
    else {
      this.#cells.shift();
      this.#cells.push(this.#blank());
    }
  }

  #escape(byte: number): void {
    this.#sequence.push(byte);
    const [, name, row, column] = this.#sequence;
    if (name === undefined) return;
    if (String.fromCharCode(name) !== 'Y') this.#command(String.fromCharCode(name));
    else if (row === undefined || column === undefined) return;
    else {
      this.#row = Math.min(row - ORIGIN, this.#cells.length - 1);
      this.#column = Math.min(column - ORIGIN, this.#columns - 1);
    }
    this.#sequence = [];
  }

  #command(name: string): void {
    if (name === 'A') this.#row = Math.max(this.#row - 1, 0);
    else if (name === 'B') this.#row = Math.min(this.#row + 1, this.#cells.length - 1);
    else if (name === 'C') this.#column = Math.min(this.#column + 1, this.#columns - 1);
    else if (name === 'D') this.#column = Math.max(this.#column - 1, 0);
    else if (name === 'H') this.#row = this.#column = 0;
    else if (name === 'I') this.#up();
    else if (name === 'J') this.#clear(true);
    else if (name === 'K') this.#clear(false);
  }

  /** One line back; above the first one everything moves down. */
  #up(): void {
    if (this.#row > 0) this.#row--;
    else {
      this.#cells.pop();
      this.#cells.unshift(this.#blank());
    }
  }

  /** From here to the end of the line, or of the screen. */
  #clear(isAll: boolean): void {
    this.#cells[this.#row]?.fill(' ', this.#column);
    if (isAll) for (const row of this.#cells.slice(this.#row + 1)) row.fill(' ');
  }

  #blank(): string[] {
    return new Array<string>(this.#columns).fill(' ');
  }
}
