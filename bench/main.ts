// npm run bench -- <scenario> ...: runs scenarios one after the other and prints what they found.
// Progress goes to the standard error, results to the standard output.

import { type Options, readOptions, UsageError } from './options.ts';
import { asBlock, asLine, type Result } from './report.ts';
import { SCENARIOS } from './scenarios/registry.ts';
import { removeServers } from './server-process.ts';

const NAMES = Object.keys(SCENARIOS);

function help(): string {
  const width = Math.max(...NAMES.map(name => name.length));
  const list = NAMES.map(name => `  ${name.padEnd(width)}  ${SCENARIOS[name]?.meaning}`);
  return `npm run bench -- <scenario>... | all [options]

${list.join('\n')}

  --seconds N     measured seconds, after a warm-up
  --sockets N     connections of the load
  --in-flight N   requests under way per connection (closed loop)
  --rate N        requests per second in all (open loop)
  --players N     players that take part
  --rounds N      changes of the leader, of each kind (failover)
  --database D    postgres (DATABASE_URL, or 127.0.0.1:5432) or pglite
  --keys          every command carries an idempotency key (purchases, hot)
  --profile DIR   processor profiles of the server (and its projector) go there
  --json          one line of JSON per result
`;
}

async function run(options: Options): Promise<boolean> {
  let sound = true;
  for (const name of options.scenarios) {
    process.stderr.write(`${name}\n`);
    const results: Result[] = [await SCENARIOS[name]?.run(options)].flat().filter(isResult);
    for (const result of results) {
      process.stdout.write(`${options.json ? asLine(result) : asBlock(result)}\n`);
      if (result.audit === 'FAILED') sound = false;
    }
  }
  return sound;
}

function isResult(value: Result | undefined): value is Result {
  return value !== undefined;
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args, NAMES);
  if (options === null) {
    process.stdout.write(help());
    return;
  }
  const leave = (code: number) => {
    process.on('uncaughtException', () => {});
    void removeServers().finally(() => process.exit(code));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave(130));
  process.once('uncaughtException', error => {
    process.stderr.write(`${error.stack}\n`);
    leave(1);
  });
  if (!(await run(options))) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${isUsage ? `${error.message}\n\n${help()}` : (error as Error).stack}\n`);
  process.exit(isUsage ? 2 : 1);
});
