// The README must not fall behind: its links lead somewhere, its table has every variable, and its
// code runs as it stands against a real server.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/database/worker-file.ts';
import {
  PROCESS_SECRET,
  processToken,
  ServerProcess,
  temporaryFolder,
} from '../support/server-process.ts';

const root = packageFolder();
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const readme = read('README.md');
const blocks = [...readme.matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)].map(
  match => match[1] as string,
);

describe('the README', () => {
  it.each(['README.md', 'src/README.md', 'src/engine/RULES.md'])(
    '%s: every link leads to a file',
    name => {
      const targets = [...read(name).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(
        match => match[1] ?? '',
      );
      const local = targets.filter(target => !/^https?:/.test(target));
      const lost = local.filter(target => !existsSync(join(root, dirname(name), target)));
      expect(lost).toEqual([]);
    },
  );

  it('names every variable of the configuration, and no other', () => {
    const sources = readdirSync(join(root, 'src')).filter(name => /^config.*\.ts$/.test(name));
    const quoted = sources.flatMap(name => read(`src/${name}`).match(/'[A-Z][A-Z_]{3,}'/g) ?? []);
    const known = new Set(quoted.map(name => name.slice(1, -1)));
    expect(known.size).toBeGreaterThan(40);
    const rows = readme.match(/^\| `[A-Z_]+`.*$/gm) ?? [];
    const named = new Set(
      rows.flatMap(row => (row.split('|')[1] ?? '').match(/[A-Z_]{4,}/g) ?? []),
    );
    named.delete('NODE_ENV');
    expect([...named].sort()).toEqual([...known].sort());
  });

  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...readme.matchAll(/npm run (?:-s )?(\w+)/g)].map(match => match[1] as string);
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(scripts).toHaveProperty(name);
  });

  it('shows code that runs as it stands', { timeout: 60_000 }, async () => {
    expect(blocks).toHaveLength(3);
    const [token, game, client] = blocks as [string, string, string];
    const server = await ServerProcess.start({ DATA_DIR: await temporaryFolder() });
    const minted = await runScript(`${token}\n${game}\ngame.close();`, server.port);
    expect(minted).toEqual({ code: 0, output: '' });
    await grantCoins(server.port);
    const bob = JSON.stringify(await processToken('bob', 'standard'));
    const prelude = `const askYourBackendForAToken = () => ${bob};`;
    const traded = await runScript(`${prelude}\n${client}\nclient.close();`, server.port);
    expect(traded.code).toBe(0);
    expect(traded.output).toMatch(/mine: \[/);
    expect(traded.output).toMatch(/^ok \{/m);
    expect(traded.output).toMatch(/quantity: 10,\s+total: 120,/);
    expect(traded.output).toMatch(/best ask: 12$/m);
  });
});

/** Runs a block of the README as a module, with the compiled client and the port of the test. */
async function runScript(text: string, port: number): Promise<{ code: number; output: string }> {
  const source = text
    .replace(/'\.\/protocol\/([\w-]+)\.ts'/g, "'./dist/protocol/$1.js'")
    .replaceAll(':7777/', `:${port}/`);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', JWT_SECRET: PROCESS_SECRET },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
  }
  const code = await new Promise<number>(resolve => child.on('close', resolve));
  return { code, output };
}

async function grantCoins(port: number): Promise<void> {
  const { TradeClient } = await import('../../protocol/client.ts');
  const { WebSocket } = await import('ws');
  const url = `ws://127.0.0.1:${port}/ws`;
  const game = new TradeClient({ url, token: await processToken('game'), WebSocket });
  await game.connect();
  await game.call('wallet.grant', { player: 'bob', asset: 'coins', quantity: 1_000 });
  game.close();
}
