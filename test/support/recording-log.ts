// A log whose lines a test can look at.

import { pino } from 'pino';
import type { Log } from '../../src/base/log.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [more: string]: unknown;
}

export function recordingLog(): { log: Log; lines: LogLine[]; errors: () => string[] } {
  const lines: LogLine[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = pino({ level: 'debug', base: null }, { write });
  const errors = () => lines.filter(line => line.level >= 50).map(line => line.msg);
  return { log, lines, errors };
}
