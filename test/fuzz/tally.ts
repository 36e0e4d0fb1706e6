// What the fuzz has seen: answers by command and outcome, and findings, of which as many are kept
// as anybody would read.

import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import type { Answered } from '../support/judge-socket.ts';
import type { FuzzRequest } from './requests.ts';

const FINDINGS_SHOWN = 20;
const SHOWN_LENGTH = 600;
/** What may be answered to a request that its schema accepts. */
const FINE = new Set(['ok', 'rejected']);
/** Of those that are not executed: the ones that follow from who asks, or from a key. */
const FINE_CODES = new Set(['FORBIDDEN', 'KEY_REUSED']);

export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  readonly findings: string[] = [];
  found = 0;
  answers = 0;

  note(request: FuzzRequest, { outcome, body }: Answered): void {
    this.answers += 1;
    add(this.#counts, `${request.command} ${outcome}`);
    const code = typeof body.code === 'string' ? body.code : null;
    if (code !== null) add(this.#codes, code);
    const isFine =
      FINE.has(outcome) ||
      (outcome === 'invalid' && FINE_CODES.has(code ?? '')) ||
      (code === 'INVALID_REQUEST' && ofChannels(request));
    if (!isFine) this.find(request, `${outcome} ${JSON.stringify(body)}`);
  }

  find({ command, payload }: FuzzRequest, what: string): void {
    this.found += 1;
    if (this.findings.length >= FINDINGS_SHOWN) return;
    this.findings.push(`${command} ${JSON.stringify(payload)}: ${what}`.slice(0, SHOWN_LENGTH));
  }

  /** How often each outcome was answered. */
  get outcomes(): Readonly<Record<string, number>> {
    const outcomes: Record<string, number> = {};
    for (const [name, count] of this.#counts) {
      const outcome = name.split(' ')[1] as string;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
    }
    return outcomes;
  }

  /** Commands without an answer, though the fuzz sends all but the one that opens sessions. */
  get neverAnswered(): CommandName[] {
    const seen = new Set([...this.#counts.keys()].map(name => name.split(' ')[0]));
    return (Object.keys(COMMANDS) as CommandName[]).filter(
      name => name !== 'session.open' && !seen.has(name),
    );
  }

  get codes(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#codes].sort(([, a], [, b]) => b - a));
  }
}

/** A name that no channel has is a text like any other to the schema. */
function ofChannels({ command }: FuzzRequest): boolean {
  return /^session\.(subscribe|unsubscribe|resync)$/.test(command);
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
