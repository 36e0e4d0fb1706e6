// What processes have used, from /proc; nothing where there is no /proc (then figures are null).

import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const PAGE_KILOBYTES_TO_BYTES = 1024;

/** Seconds of processor time of a process and its threads. Null: unknown. */
export function cpuSeconds(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null ? null : fields.own / TICKS_PER_SECOND;
}

/** The same of every process of this machine that is called `name`, ended children included. */
export function cpuSecondsOf(name: string): number | null {
  let pids: number[];
  try {
    pids = readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return null;
  }
  let ticks = 0;
  for (const pid of pids) {
    const fields = statOf(pid);
    if (fields?.name === name) ticks += fields.own + fields.children;
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * PAGE_KILOBYTES_TO_BYTES;
  } catch {
    return null;
  }
}

function statOf(pid: number): { name: string; own: number; children: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = text.lastIndexOf(')');
    const fields = text
      .slice(close + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    const name = text.slice(text.indexOf('(') + 1, close);
    return { name, own: user + system, children: childUser + childSystem };
  } catch {
    return null;
  }
}
