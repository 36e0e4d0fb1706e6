// Turns lines of results (`npm run bench -- all --json > results.jsonl`) into the table of
// README.md: node dist/bench/table.js < results.jsonl

import { readFileSync } from 'node:fs';
import { readable } from './report.ts';

type Line = Readonly<Record<string, number | string | null>>;

const COLUMNS: readonly (readonly [title: string, show: (line: Line) => string])[] = [
  ['scenario', line => String(line.scenario)],
  ['per second', line => figure(line.commandsPerSecond)],
  ['p50 ms', line => figure(line.p50Ms)],
  ['p99 ms', line => figure(line.p99Ms)],
  ['p99.9 ms', line => figure(line.p999Ms)],
  ['rejected', line => figure(line.rejected)],
  ['drain ms', line => figure(line.drainMs)],
  ['CPU s: server', line => figure(line.serverCpuSeconds)],
  ['client', line => figure(line.clientCpuSeconds)],
  ['Postgres', line => figure(line.postgresCpuSeconds)],
  ['seconds', line => figure(line.seconds)],
  ['audit', line => String(line.audit ?? '')],
  ['more', more],
];

const SHOWN = new Set([
  'scenario',
  'database',
  'sockets',
  'inFlight',
  'offeredPerSecond',
  'seconds',
  'commands',
  'commandsPerSecond',
  'p50Ms',
  'p99Ms',
  'p999Ms',
  'rejected',
  'audit',
  'serverCpuSeconds',
  'clientCpuSeconds',
  'postgresCpuSeconds',
  'drainMs',
]);

function figure(value: number | string | null | undefined): string {
  return typeof value === 'number' ? readable(value) : '';
}

function more(line: Line): string {
  return Object.entries(line)
    .filter(([name]) => !SHOWN.has(name))
    .map(([name, value]) => `${name} ${typeof value === 'number' ? readable(value) : value}`)
    .join(', ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

const lines = readFileSync(0, 'utf8')
  .split('\n')
  .filter(line => line.startsWith('{'))
  .map(line => JSON.parse(line) as Line);

process.stdout.write(
  `${[
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map(([title]) => (title === 'scenario' || title === 'more' ? '---' : '---:'))),
    ...lines.map(line => row(COLUMNS.map(([, show]) => show(line)))),
  ].join('\n')}\n`,
);
