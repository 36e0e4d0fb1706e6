// What can be known of the image and the compose file without a container engine: that their parts
// are there, that nothing secret is written down, and that they agree with the server.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { packageFolder } from '../../src/database/worker-file.ts';

const read = (name: string) => readFileSync(join(packageFolder(), name), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly [more: string]: unknown;
}

const composeText = read('docker-compose.yml');
const compose: { services: Record<string, Service>; volumes: object } = parse(composeText);
const { server, postgres, redis } = compose.services as Record<string, Service>;
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, '')
  .split('\n')
  .filter(line => line.trim() !== '');
const stages = instructions.filter(line => line.startsWith('FROM '));
const lastStage = instructions.slice(instructions.lastIndexOf(stages.at(-1) ?? ''));

describe('docker-compose.yml', () => {
  it('has Postgres, Redis and the server', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['postgres', 'redis', 'server']);
    expect([postgres?.image, redis?.image, server?.build]).toEqual(['postgres:16', 'redis:7', '.']);
  });

  it('publishes the port of the server alone', () => {
    expect(server?.ports).toEqual([`\${TRADEPOST_PORT:-7777}:${readConfig({}).port}`]);
    expect([postgres?.ports, redis?.ports]).toEqual([undefined, undefined]);
  });

  it('writes no secret down, and does not start without one', () => {
    const secrets = composeText.match(/(JWT_SECRET|POSTGRES_PASSWORD): .*/g) ?? [];
    expect(secrets.length).toBeGreaterThanOrEqual(2);
    for (const line of secrets) expect(line).toMatch(/: \$\{\w+:\?.+\}$/);
    expect(server?.environment?.DATABASE_URL).toMatch(
      /^postgres:\/\/tradepost:\$\{POSTGRES_PASSWORD:\?[^}]+\}@postgres:5432\/tradepost$/,
    );
  });

  it('gives the server an environment that it accepts in production', () => {
    const filled = Object.entries(server?.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+:\?[^}]*\}/g, 'x'.repeat(48)).replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
    ]);
    const config = readConfig({ NODE_ENV: 'production', ...Object.fromEntries(filled) });
    expect(config).toMatchObject({ realm: 'main', isProduction: true });
  });

  it('waits for Postgres, keeps its data, and gives everybody time to stop', () => {
    expect(server?.depends_on?.postgres?.condition).toBe('service_healthy');
    expect(postgres?.healthcheck?.test).toContain('pg_isready');
    expect(redis?.healthcheck?.test).toEqual(['CMD', 'redis-cli', 'ping']);
    expect(postgres?.volumes).toEqual(['postgres:/var/lib/postgresql/data']);
    expect(compose.volumes).toHaveProperty('postgres');
    expect(Number.parseInt(server?.stop_grace_period ?? '0', 10)).toBeGreaterThan(10);
  });
});

describe('Dockerfile', () => {
  it('builds in one stage and runs in another, both with a glibc of 2.38 or later', () => {
    expect(stages).toEqual(['FROM node:22-trixie-slim AS build', 'FROM node:22-trixie-slim']);
  });

  it('runs as a user other than root, in production', () => {
    const user = lastStage.findLastIndex(line => line.startsWith('USER '));
    expect(lastStage[user]).toBe('USER node');
    expect(lastStage.findLastIndex(line => line.startsWith('CMD '))).toBeGreaterThan(user);
    expect(lastStage.join('\n')).toMatch(/ENV .*NODE_ENV=production/);
    expect(lastStage.join('\n')).not.toMatch(/SECRET|PASSWORD|TOKEN/);
  });

  it('is checked by node itself, on the page that says whether the process answers', () => {
    const check = lastStage.find(line => line.startsWith('HEALTHCHECK ')) ?? '';
    const command: string[] = JSON.parse(check.slice(check.indexOf('CMD ') + 4));
    expect(command.slice(0, 2)).toEqual(['node', '-e']);
    expect(command[2]).toContain('/health');
  });

  it('starts the server as its build leaves it', () => {
    const start: string = JSON.parse(read('package.json')).scripts.start;
    expect(lastStage.at(-1)).toBe(`CMD ${JSON.stringify(start.split(' ')).replaceAll(',', ', ')}`);
    expect(start).toMatch(/^node .*dist\/src\/main\.js start$/);
  });

  it('sends nothing to the builder but what it copies', () => {
    const kept =
      read('.dockerignore')
        .match(/^!.*$/gm)
        ?.map(line => line.slice(1)) ?? [];
    const copied = instructions
      .filter(line => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap(line => line.split(' ').slice(1, -1));
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    expect(kept.sort()).toEqual(copied.sort());
  });
});
