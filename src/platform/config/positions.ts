/** Finds line and column of a path in a TOML text; slow, so asked only when there is something to report. */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import type { Path } from './problems.js';

/** Both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

interface Place {
  readonly key: Position;
  readonly value: Position;
}

export class Positions {
  readonly #places = new Map<string, Place>();

  constructor(text: string) {
    for (const node of readNodes(withoutMark(text))) {
      if (node.type === 'TOMLKeyValue') this.#addPair(node, []);
      else this.#addTable(node);
    }
  }

  /** The nearest place that exists: a missing option is reported at its table. */
  of(path: Path, at: 'key' | 'value'): Position {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(keyOf(path.slice(0, length)));
      if (place) return length === path.length ? place[at] : place.key;
    }
    return { line: 1, column: 1 };
  }

  #addTable(table: AST.TOMLTable): void {
    this.#addPrefixes(table.resolvedKey, start(table));
    for (const pair of table.body) this.#addPair(pair, table.resolvedKey);
  }

  #addPair(pair: AST.TOMLKeyValue, base: Path): void {
    const names = pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
    const path = [...base, ...names];
    this.#addPrefixes(path.slice(0, -1), start(pair));
    this.#add(path, { key: start(pair), value: start(pair.value) });
    this.#addContent(pair.value, path);
  }

  #addContent(node: AST.TOMLContentNode, path: Path): void {
    if (node.type === 'TOMLInlineTable') {
      for (const pair of node.body) this.#addPair(pair, path);
    } else if (node.type === 'TOMLArray') {
      for (const [index, element] of node.elements.entries()) {
        this.#add([...path, index], { key: start(element), value: start(element) });
        this.#addContent(element, [...path, index]);
      }
    }
  }

  /** Tables that exist only as the front of a longer name. */
  #addPrefixes(path: Path, position: Position): void {
    for (let length = 1; length <= path.length; length++) {
      this.#add(path.slice(0, length), { key: position, value: position });
    }
  }

  #add(path: Path, place: Place): void {
    const key = keyOf(path);
    if (!this.#places.has(key)) this.#places.set(key, place);
  }
}

/** Editors of some systems put a byte order mark in front. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** None where this parser refuses what the one that read the values took: a problem without its line is better than none. */
function readNodes(text: string): readonly (AST.TOMLKeyValue | AST.TOMLTable)[] {
  try {
    return parseTOML(text).body[0].body;
  } catch (error) {
    if (error instanceof ParseError) return [];
    throw error;
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function start(node: AST.TOMLNode): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
