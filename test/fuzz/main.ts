// The command line of the fuzz: npm run fuzz -- [--seconds 60] [--seed 1] [--database pglite]
// [--json]. Exit code 1 when it finds something, 2 when the call is not understood.

import { parseArgs } from 'node:util';
import { fuzz, isSound } from './fuzz.ts';

const HELP = `npm run fuzz -- [--seconds 60] [--seed 1] [--database postgres] [--json]

Sends all commands with everything that their schemas accept to a real server of its own, then holds
the tables against the audit and starts the server again. Postgres is the one of DATABASE_URL, or
the one at 127.0.0.1:5432; with --database pglite it is the embedded database.
`;

const SECONDS = 60;

function read() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      database: { type: 'string', default: 'postgres' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const whole = (name: 'seconds' | 'seed', otherwise: number): number => {
    const number = Number(values[name] ?? otherwise);
    if (Number.isSafeInteger(number) && number >= 1) return number;
    throw new RangeError(`--${name} ${values[name]}: expected a whole number from 1 up.`);
  };
  const { database, json, help } = values;
  if (database !== 'postgres' && database !== 'pglite') {
    throw new RangeError(`--database ${database}: expected postgres or pglite.`);
  }
  const seed = whole('seed', (Date.now() % 1_000_000) + 1);
  return { seconds: whole('seconds', SECONDS), seed, database, json, help } as const;
}

function options() {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

const { json, help, ...asked } = options();
if (help) {
  process.stdout.write(HELP);
} else {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say(`fuzz of ${asked.seconds} s, seed ${asked.seed}, on ${asked.database}`);
  const report = await fuzz({ ...asked, say });
  const { findings, ...rest } = report;
  if (json) console.log(JSON.stringify({ ...asked, ...report }));
  else {
    for (const finding of findings) console.log(`FOUND ${finding}`);
    console.log({ ...asked, ...rest });
    console.log(isSound(report) ? 'The server stood it.' : 'It did not stand it.');
  }
  process.exitCode = isSound(report) ? 0 : 1;
}
