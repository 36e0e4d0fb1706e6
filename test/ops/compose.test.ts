// What can be known of the image and the compose file without a container engine: that their parts
// are there, that nothing secret is written down, and that they agree with the server.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Config, readConfig } from '../../src/config.ts';
import { packageFolder } from '../../src/database/worker-file.ts';
import { Networks } from '../../src/gateway/addresses.ts';

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
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly logging?: object;
  readonly networks?: object;
  readonly [more: string]: unknown;
}

const composeText = read('docker-compose.yml');
const compose: {
  services: Record<string, Service>;
  volumes: object;
  networks: Record<string, { ipam?: { config: { subnet: string }[] }; internal?: boolean }>;
} = parse(composeText, {
  merge: true,
});
const { server, postgres, redis, balancer } = compose.services as Record<string, Service>;
const nodes = ['node-1', 'node-2'].map(name => compose.services[name] as Service);
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, '')
  .split('\n')
  .filter(line => line.trim() !== '');
const stages = instructions.filter(line => line.startsWith('FROM '));
const lastStage = instructions.slice(instructions.lastIndexOf(stages.at(-1) ?? ''));

describe('docker-compose.yml', () => {
  it('starts a server or nodes with Redis, as its profile says, and never both', () => {
    const inCluster = Object.entries(compose.services).map(([name, { profiles }]) => [
      name,
      profiles ?? [],
    ]);
    expect(Object.fromEntries(inCluster)).toEqual({
      server: ['single'],
      postgres: [],
      redis: ['cluster'],
      balancer: ['cluster'],
      'node-1': ['cluster'],
      'node-2': ['cluster'],
    });
    expect([postgres?.image, redis?.image, server?.build]).toEqual(['postgres:16', 'redis:7', '.']);
  });

  it('publishes one port, of the server or of the balancer', () => {
    const published = [`\${TRADEPOST_PORT:-7777}:${readConfig({}).port}`];
    expect([server?.ports, balancer?.ports]).toEqual([published, published]);
    for (const service of [postgres, redis, ...nodes]) expect(service?.ports).toBeUndefined();
  });

  it('writes no secret down, and does not start without one', () => {
    const secrets = composeText.match(/(JWT_SECRET|POSTGRES_PASSWORD|REDISCLI_AUTH): .*/g) ?? [];
    expect(secrets).toHaveLength(3);
    for (const line of secrets) expect(line).toMatch(/: \$\{\w+:\?.+\}$/);
    // A form without the question mark would be empty, or a default that everybody knows.
    const used = composeText.match(/\$\{\w*(SECRET|PASSWORD)\w*[^}]*\}/g) ?? [];
    expect(used.length).toBeGreaterThanOrEqual(5);
    for (const one of used) expect(one).toMatch(/^\$\{\w+:\?.+\}$/);
    expect(server?.environment?.DATABASE_URL).toMatch(
      /^postgres:\/\/tradepost:\$\{POSTGRES_PASSWORD:\?[^}]+\}@postgres:5432\/tradepost$/,
    );
  });

  it('gives the server an environment that it accepts in production', () => {
    const config = configOf(server);
    expect(config).toMatchObject({ realm: 'main', isProduction: true, redisUrl: null });
  });

  it('gives each node the same database, Redis and secret, and a name of its own', () => {
    const configs = nodes.map(configOf);
    for (const { databaseUrl, jwtSecret, redisUrl, nodeRole, realm } of configs) {
      const { databaseUrl: singleUrl } = configOf(server);
      const password = 'x'.repeat(48);
      expect([databaseUrl, redisUrl]).toEqual([singleUrl, `redis://:${password}@redis:6379`]);
      expect([jwtSecret?.length, nodeRole, realm]).toEqual([48, 'all', 'main']);
    }
    expect(configs.map(({ nodeName }) => nodeName.replace(/-\w+$/, ''))).toEqual([
      'node-1',
      'node-2',
    ]);
  });

  it('runs a node as it runs the server', () => {
    const { environment: _, ports, depends_on, profiles, ...alike } = server as Service;
    for (const own of [ports, depends_on, profiles]) expect(own).toBeDefined();
    for (const node of nodes) expect(node).toMatchObject(alike);
  });

  it('starts nodes when Postgres and Redis answer, and the balancer when the nodes do', () => {
    const isHealthy = { condition: 'service_healthy' };
    for (const node of nodes) {
      expect(node.depends_on).toEqual({ postgres: isHealthy, redis: isHealthy });
    }
    expect(balancer?.depends_on).toEqual({ 'node-1': isHealthy, 'node-2': isHealthy });
  });

  it('has a Redis that throws nothing out, and answers nobody without its password', () => {
    expect(redis?.command?.join(' ')).toContain('--maxmemory-policy noeviction');
    expect(redis?.command?.join(' ')).toMatch(/--requirepass \$\{REDIS_PASSWORD:\?[^}]+\}$/);
  });

  it('writes no more log than fits, whoever writes it', () => {
    for (const [name, { logging }] of Object.entries(compose.services)) {
      expect(logging, name).toEqual({
        driver: 'json-file',
        options: { 'max-size': '10m', 'max-file': '5' },
      });
    }
  });

  it('keeps databases away from where players come in', () => {
    expect([postgres?.networks, redis?.networks]).toEqual([['data'], ['data']]);
    expect(compose.networks.data).toEqual({ internal: true });
    expect(Object.keys(balancer?.networks ?? {})).toEqual(['front']);
  });

  it('has nodes that trust the balancer, and nobody else', () => {
    const { front } = (balancer as Service).networks as { front: { ipv4_address: string } };
    const trusted = nodes.map(node => configOf(node).gateway.trustedProxies);
    expect(trusted).toEqual([[front.ipv4_address], [front.ipv4_address]]);
    const [range] = compose.networks.front?.ipam?.config ?? [];
    expect(new Networks([range?.subnet ?? '']).has(front.ipv4_address)).toBe(true);
    expect(configOf(server).gateway.trustedProxies).toEqual([]);
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

/** What production does not start without. */
const LEAST = { JWT_SECRET: 'x'.repeat(48), DATABASE_URL: 'postgres://a@b/c' };

/** The configuration of a service in production, with its variables filled in. */
function configOf(service: Service | undefined): Config {
  const filled = Object.entries(service?.environment ?? {}).map(([name, value]) => [
    name,
    value.replace(/\$\{\w+:\?[^}]*\}/g, 'x'.repeat(48)).replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
  ]);
  return readConfig({ NODE_ENV: 'production', ...Object.fromEntries(filled) });
}

describe('ops/nginx.conf', () => {
  const conf = read('ops/nginx.conf').replace(/^\s*#.*\n/gm, '');
  const block = (head: string) => {
    const start = conf.indexOf(`${head} {`);
    expect(start).toBeGreaterThan(0);
    return conf.slice(start, conf.indexOf('}', start));
  };

  it('is the one that the balancer runs, where nginx looks for it', () => {
    expect(balancer?.image).toMatch(/^nginx:/);
    expect(balancer?.volumes).toEqual(['./ops/nginx.conf:/etc/nginx/nginx.conf:ro']);
    const published = balancer?.ports?.[0]?.split(':').at(-1);
    expect(conf).toMatch(new RegExp(`listen ${published};`));
  });

  it('sends sockets to the node with the fewest, of all nodes that there are', () => {
    const upstream = block('upstream nodes');
    expect(upstream).toContain('least_conn;');
    const servers = [...upstream.matchAll(/server ([\w-]+):(\d+) max_fails=\d+ fail_timeout=/g)];
    expect(servers.map(([, name]) => name)).toEqual(['node-1', 'node-2']);
    for (const [, , port] of servers) expect(Number(port)).toBe(readConfig({}).port);
  });

  it('passes the upgrade of a WebSocket on, and lets it live while it is quiet', () => {
    const sockets = block('location = /ws');
    expect(sockets).toContain('proxy_http_version 1.1;');
    expect(sockets).toContain('proxy_set_header Upgrade $http_upgrade;');
    expect(sockets).toContain('proxy_set_header Connection $connection_upgrade;');
    expect(conf).toMatch(/map \$http_upgrade \$connection_upgrade \{\s+default upgrade;/);
    const readHours = /proxy_read_timeout (\d+)h;/.exec(sockets)?.[1];
    expect(Number(readHours)).toBeGreaterThanOrEqual(1);
  });

  it('asks another node when one is down, and does not wait long to find out', () => {
    for (const place of ['/ws', '/health']) {
      expect(block(`location = ${place}`)).toMatch(/proxy_next_upstream error timeout/);
      expect(block(`location = ${place}`)).toMatch(/proxy_connect_timeout [1-5]s;/);
    }
  });

  it('bounds what one address may do as the nodes do, and says so with the same status', () => {
    const { address } = readConfig({ NODE_ENV: 'production', ...LEAST }).gateway;
    const sockets = block('location = /ws');
    expect(sockets).toContain(`limit_conn sockets ${address.socketsMax};`);
    expect(sockets).toContain(`limit_req zone=upgrades burst=${address.upgrades.burst} nodelay;`);
    const rate = `zone=upgrades:10m rate=${address.upgrades.perMinute / 60}r/s;`;
    expect(conf).toContain(`limit_req_zone $binary_remote_addr ${rate}`);
    expect(conf).toContain('limit_conn_zone $binary_remote_addr zone=sockets:10m;');
    expect(conf).toMatch(/limit_conn_status 429;\s+limit_req_status 429;/);
  });

  it('tells the nodes whose socket it is, as the last address, which they believe', () => {
    expect(block('location = /ws')).toContain(
      'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    );
  });

  it('keeps metrics and readiness from the public', () => {
    expect(block('location /')).toContain('return 404;');
    expect(conf).not.toMatch(/location[^{]*(metrics|ready)/);
  });

  it('has as many ends as beginnings', () => {
    expect(conf.split('{').length).toBe(conf.split('}').length);
    const open = conf.split('\n').filter(line => line.trim() !== '' && !/[;{}]\s*$/.test(line));
    expect(open).toEqual([]);
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
