// Which process something belongs to, in words that outlive it: where it runs, its number, and when
// it began, since numbers are used again. Only compared, never parsed. A process is judged only
// from where its number means the same process.

import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where process numbers mean the same processes: one boot of one machine, one container. */
export interface Place {
  readonly host: string;
  /** Tells machines of one name apart, and containers. Empty where the system does not tell. */
  readonly scope: string;
}

/** Where this process runs. */
export function thisPlace(): Place {
  return { host: hostname(), scope: scopeHere() };
}

/**
 * When a process of this place began; null when there is none with this number. One that has ended
 * and waits for its parent to notice (a zombie) is none.
 */
export function beganAt(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field, a name in parentheses, may hold anything. The third is the state, the
      // 22nd the start time.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [state = ''] = fields;
      return 'ZX'.includes(state) ? null : `${bootId()} ${fields[19]}`;
    } catch {
      return null;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

function scopeHere(): string {
  if (process.platform !== 'linux') return '';
  try {
    return `${bootId()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
