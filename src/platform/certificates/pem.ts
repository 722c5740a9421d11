/** PEM files taken apart (RFC 7468): certificates and private keys in any order, explanations between them. */

export interface PemBlock {
  readonly label: string;
  /** With its first and last line. */
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export interface PemFile {
  readonly certificates: readonly PemBlock[];
  readonly keys: readonly PemBlock[];
  /** Sentences about blocks that do not end. */
  readonly faults: readonly string[];
}

const certificateLabels: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

export function readPem(text: string): PemFile {
  const blocks: PemBlock[] = [];
  const faults: string[] = [];
  let open: { label: string; line: number; lines: string[] } | undefined;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.trim();
    const [, kind, label] = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/.exec(line) ?? [];
    if (kind === 'BEGIN') {
      if (open) faults.push(`the ${open.label} that begins in line ${open.line} does not end`);
      open = { label: label!, line: index + 1, lines: [line] };
    } else if (open) {
      open.lines.push(line);
      if (kind !== 'END') continue;
      if (label !== open.label) faults.push(`the ${open.label} that begins in line ${open.line} ends as ${label}`);
      else blocks.push({ label: open.label, text: `${open.lines.join('\n')}\n`, line: open.line });
      open = undefined;
    }
  }
  if (open) faults.push(`the ${open.label} that begins in line ${open.line} does not end`);
  return {
    certificates: blocks.filter((block) => certificateLabels.has(block.label)),
    keys: blocks.filter((block) => block.label.endsWith('PRIVATE KEY')),
    faults,
  };
}

/** RFC 7468 section 11, or the older form of OpenSSL's (RFC 1421 section 4.6). */
export function isEncrypted(key: PemBlock): boolean {
  return key.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: *4,ENCRYPTED/m.test(key.text);
}
