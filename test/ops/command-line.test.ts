// The command line as an operator meets it: real processes, their words and their exit codes.

import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/base/clock.ts';
import { secretVerifier } from '../../src/gateway/auth.ts';
import { type Environment, ServerProcess, temporaryFolder } from '../support/server-process.ts';

const SECRET = 'a secret of the command line tests, long enough';

async function run(args: readonly string[], environment: Environment = {}) {
  const child = new ServerProcess({ DATA_DIR: await temporaryFolder(), ...environment }, args);
  const { code } = await child.exit;
  return { code, output: child.output };
}

describe('usage', () => {
  it.each([[['serve']], [['help']], [[]]])('%j shows the commands there are', async args => {
    const { code, output } = await run(args);
    expect(code).toBe(2);
    for (const command of ['start', 'token <player>', 'audit', 'repair', 'demo', 'cluster']) {
      expect(output).toContain(`  ${command} `);
    }
  });

  it('a repair says what it repairs, and does nothing without being told what', async () => {
    const told = await run(['repair', '--help']);
    expect(told.code).toBe(0);
    expect(told.output).toContain('tradepost repair --quarantine');
    expect(told.output).toMatch(/The\sjournal is not edited/);
    expect((await run(['repair'])).code).toBe(2);
    const mistyped = await run(['repair', '--quarantin']);
    expect(mistyped.code).toBe(1);
    expect(mistyped.output).not.toContain('    at ');
  });

  it('a demo that there is not is refused with those there are', async () => {
    const { code, output } = await run(['demo', 'chess']);
    expect(code).toBe(1);
    expect(output).toMatch(/^There is no demo "chess"\. There is:\n {2}market /);
    expect(output).not.toContain('    at ');
  });
});

describe('token', () => {
  it('is accepted by a server with the same secret, for its player and role', async () => {
    const { code, output } = await run(['token', 'alice', '--role', 'service'], {
      JWT_SECRET: SECRET,
    });
    expect(code).toBe(0);
    const verifier = await secretVerifier(SECRET, {}, wallClock);
    const identity = await verifier.verify(output.trim());
    expect(identity).toMatchObject({ player: 'alice', role: 'service' });
    const other = await secretVerifier(`${SECRET} of another`, {}, wallClock);
    expect(await other.verify(output.trim())).toBeNull();
  });

  it('carries issuer, audience and life as configured', async () => {
    const { output } = await run(['token', 'bob', '--expires', '60'], {
      JWT_SECRET: SECRET,
      JWT_ISSUER: 'the-game',
      JWT_AUDIENCE: 'trade',
    });
    const rules = { issuer: 'the-game', audience: 'trade' };
    const identity = await (await secretVerifier(SECRET, rules, wallClock)).verify(output.trim());
    expect(identity).toMatchObject({ player: 'bob', role: 'standard' });
    const lifeMs = (identity?.expiresAtMs ?? 0) - Date.now();
    expect(lifeMs).toBeGreaterThan(0);
    expect(lifeMs).toBeLessThanOrEqual(60_000);
  });

  it('is signed with the secret of the data folder when none is configured', async () => {
    const DATA_DIR = await temporaryFolder();
    const environment = { JWT_SECRET: '', DATA_DIR };
    const first = await run(['token', 'alice'], environment);
    const second = await run(['token', 'alice'], environment);
    expect([first.code, second.code]).toEqual([0, 0]);
    const server = await ServerProcess.start(environment);
    for (const { output } of [first, second]) {
      const headers = { authorization: `Bearer ${output.trim()}` };
      const answer = await upgrade(server.port, headers);
      expect(answer).toBe('open');
    }
  });

  it.each([
    [[], 'token needs one player'],
    [['alice', 'bob'], 'token needs one player'],
    [['alice', '--role', 'king'], '--role king: expected guest, standard, premium, service.'],
    [['alice', '--expires', 'never'], '--expires never: expected a number of seconds.'],
    [['alice', '--expires', '86401'], '--expires 86401: a token lives 24 hours at most'],
    [['-alice'], 'Unknown option'],
    [['two words'], 'A player is 1 to 64 letters'],
  ])('%j is refused in a sentence', async (args, says) => {
    const { code, output } = await run(['token', ...args], { JWT_SECRET: SECRET });
    expect(code).toBe(1);
    expect(output).toContain(says);
    expect(output).not.toContain('    at ');
  });

  it('is not made in production, nor when a provider makes them', async () => {
    const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://nobody@nowhere/none' };
    const inProduction = await run(['token', 'alice'], { ...production, JWT_SECRET: SECRET });
    expect(inProduction).toMatchObject({ code: 1 });
    expect(inProduction.output).toContain('are not made with NODE_ENV=production');
    const claims = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'market' };
    const keys = { JWT_SECRET: '', JWKS_URL: 'http://127.0.0.1:9/keys', ...claims };
    const withProvider = await run(['token', 'alice'], keys);
    expect(withProvider).toMatchObject({ code: 1 });
    expect(withProvider.output).toContain('Tokens come from the provider behind JWKS_URL');
  });
});

describe('start', () => {
  it.each([
    [{ NODE_ENV: 'production', JWT_SECRET: '' }, 'NODE_ENV=production needs JWT_SECRET'],
    [{ NODE_ENV: 'production', JWT_SECRET: SECRET }, 'NODE_ENV=production needs DATABASE_URL'],
    [
      {
        NODE_ENV: 'production',
        JWT_SECRET: SECRET,
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        WINDOW_REVIEW_MS: '999',
      },
      'WINDOW_REVIEW_MS=999: expected at least 1000 with NODE_ENV=production',
    ],
    [{ PORT: 'eighty' }, 'PORT=eighty: expected a whole number from 0 to 65535.'],
    [{ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', START_WAIT_MS: '0' }, 'ECONNREFUSED'],
  ])('with %j is refused in a line', async (environment, says) => {
    const { code, output } = await run(['start'], environment as Environment);
    expect(code).toBe(1);
    expect(output).toContain(says);
    expect(output.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    [{}, 0],
    [{ WINDOW_ARM_ADDED_MS: '0', WINDOW_ARM_TAKEN_MS: '1999' }, 1],
  ])('with %j warns in %d lines that players can be hurried', async (environment, lines) => {
    const folder = { DATA_DIR: await temporaryFolder() };
    const { output } = await ServerProcess.start({ ...folder, ...environment });
    const warnings = output.match(/^ {2}warning .*Players can be hurried;.*$/gm) ?? [];
    expect(warnings).toHaveLength(lines);
    for (const name of Object.keys(environment)) expect(warnings[0]).toContain(`${name}=`);
  });
});

async function upgrade(port: number, headers: Record<string, string>): Promise<string> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers });
  return new Promise(resolve => {
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('error', error => resolve(error.message));
  });
}
