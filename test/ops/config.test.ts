// Whatever is wrong with the environment is said with the name of the variable, before anything
// starts; and what nobody set has a default.

import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: SECRET,
  DATABASE_URL: 'postgres://somebody@database/tradepost',
};

describe('an environment that makes no sense is refused, naming the variable', () => {
  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['REALM', 'Main'],
    ['REALM', '1st'],
    ['REALM', 'main"; drop table'],
    ['LOG_LEVEL', 'loud'],
    ['LISTING_FEE_BPS', '10001'],
    ['TRADE_FEE_BPS', '2%'],
    ['TRADE_FEE_PAYER', 'nobody'],
    ['OPEN_ORDERS_MAX', '0'],
    ['FILLS_PER_COMMAND_MAX', '100001'],
    ['KEYS_PER_PLAYER_MAX', '0'],
    ['RATE_GUEST', '30'],
    ['RATE_STANDARD', '30/10'],
    ['RATE_PREMIUM', '0/1/1'],
    ['RATE_SERVICE', 'infinite'],
    ['SOCKETS_PER_PLAYER_MAX', '0'],
    ['SUBSCRIPTIONS_PER_SOCKET_MAX', '10001'],
    ['SOCKETS_MAX', 'many'],
    ['FEED_INTERVAL_MS', '0'],
    ['PROJECTION_INTERVAL_MS', '-5'],
    ['PROJECTION_LAG_MAX_MS', '99'],
    ['JOURNAL_RETENTION_MS', '1'],
    ['WAITING_ENTRIES_MAX', '0'],
    ['WAITING_BYTES_MAX', '1024'],
    ['REPLY_TIMEOUT_MS', '1'],
  ])('%s=%s', (name, value) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${name}=${value}: expected `);
  });

  it('a secret of less than 32 bytes, which is not shown', () => {
    const read = () => readConfig({ JWT_SECRET: 'too short' });
    expect(read).toThrow(/JWT_SECRET needs at least 32 bytes/);
    expect(read).not.toThrow(/too short/);
  });

  it('a JWKS_URL that is no URL', () => {
    expect(() => readConfig({ JWKS_URL: 'keys' })).toThrow('JWKS_URL is no URL: keys');
  });

  it('two sources of tokens', () => {
    const both = { JWT_SECRET: SECRET, JWKS_URL: 'https://id.example/keys' };
    expect(() => readConfig(both)).toThrow('Set JWT_SECRET or JWKS_URL, not both.');
  });
});

describe('production', () => {
  it('does not start without a source of tokens', () => {
    const read = () => readConfig({ ...PRODUCTION, JWT_SECRET: '' });
    expect(read).toThrow(/NODE_ENV=production needs JWT_SECRET .* or JWKS_URL/);
  });

  it('does not start without a Postgres server', () => {
    const read = () => readConfig({ ...PRODUCTION, DATABASE_URL: undefined });
    expect(read).toThrow(/NODE_ENV=production needs DATABASE_URL/);
  });

  it('starts with both', () => {
    expect(readConfig(PRODUCTION)).toMatchObject({ isProduction: true, jwtSecret: SECRET });
  });
});

describe('a config', () => {
  it('has a default for everything, and is frozen', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      isProduction: false,
      host: '127.0.0.1',
      port: 7777,
      realm: 'main',
      databaseUrl: null,
      jwtSecret: null,
    });
    expect(config.folder).toMatch(/^\/.*\/data$/);
    expect(
      [config, config.rules, config.gateway, config.gateway.limits].every(Object.isFrozen),
    ).toBe(true);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: ' ', DATABASE_URL: '', JWT_SECRET: '' })).toEqual(readConfig({}));
  });

  it('reads a tier as perMinute/burst/inFlight, or as unlimited', () => {
    const { limits } = readConfig({ RATE_GUEST: '60/5/2', RATE_PREMIUM: 'unlimited' }).gateway;
    expect(limits.guest).toEqual({ perMinute: 60, burst: 5, inFlight: 2 });
    expect(limits.premium).toBeNull();
    expect(limits.standard).toEqual({ perMinute: 100, burst: 30, inFlight: 10 });
  });

  it('reads origins as a list', () => {
    const { origins } = readConfig({
      ALLOWED_ORIGINS: 'https://a.example, https://b.example',
    }).gateway;
    expect(origins).toEqual(['https://a.example', 'https://b.example']);
  });
});
