// Whatever is wrong with the environment is said with the name of the variable, before anything
// starts; and what nobody set has a default.

import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { hurriedWindows } from '../../src/config-rules.ts';
import { ConfigError } from '../../src/config-values.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { DEFAULT_TIER_LIMITS } from '../../src/gateway/config.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: SECRET,
  DATABASE_URL: 'postgres://somebody@database/tradepost',
};
const CLAIMS = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'market' };

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
    ['FILLS_PER_COMMAND_MAX', '4001'],
    ['KEYS_PER_PLAYER_MAX', '0'],
    ['DIRECT_FEE_BPS', '10001'],
    ['WINDOW_ARM_ADDED_MS', '-1'],
    ['WINDOW_ARM_TAKEN_MS', '1s'],
    ['WINDOW_ARM_ACCEPTED_MS', '60001'],
    ['WINDOW_REVIEW_MS', 'long'],
    ['WINDOW_INVITE_TIMEOUT_MS', '0'],
    ['WINDOW_OPEN_TIMEOUT_MS', '0'],
    ['WINDOW_REVIEW_TIMEOUT_MS', '0'],
    ['WINDOW_GRACE_MS', '0.5'],
    ['WINDOW_INVITES_PER_MINUTE_MAX', '0'],
    ['WINDOW_INVITES_PER_PLAYER_MAX', '0'],
    ['WINDOW_STEPS_MAX', '0'],
    ['WINDOW_ACKNOWLEDGE_FROM', 'never'],
    ['WINDOW_VALUE_RATIO_BPS', '9999'],
    ['OPEN_OFFERS_MAX', '0'],
    ['OFFERS_PER_PLAYER_MAX', '0'],
    ['RECEIVED_OFFERS_MAX', '0'],
    ['OFFER_DEFAULT_MS', '0'],
    ['OFFER_LIFE_MAX_MS', '0'],
    ['AMOUNT_WORDS_LOCALE', 'tlh'],
    ['RATE_GUEST', '30'],
    ['RATE_STANDARD', '30/10'],
    ['RATE_PREMIUM', '0/1/1/1'],
    ['RATE_GUEST', '30/10/5'],
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
    ['CLOCK_JUMP_MAX_MS', '4999'],
    ['CLOCK_CONFIRM_MS', '999'],
    ['NODE_ROLE', 'leader'],
    ['NODE_NAME', 'two words'],
    ['LEASE_MS', '199'],
    ['REDIS_SIGN', 'yes'],
    ['OPS_PORT', 'metrics'],
    ['OPS_PORT', '7777'],
    ['TRUSTED_PROXIES', '10.0.0.0/40'],
    ['TRUSTED_PROXIES', 'balancer'],
    ['ADDRESS_EXEMPT', '10.0.0.1,'],
    ['ADDRESS_SOCKETS_MAX', '0'],
    ['ADDRESS_UNOPENED_MAX', '-1'],
    ['ADDRESS_UPGRADES', '600'],
    ['ADDRESS_UPGRADES', '0/10'],
    ['ADDRESS_FAILURES', 'few'],
    ['UNOPENED_SOCKETS_MAX', '0'],
    ['SNAPSHOT_BYTES', '1000/1000'],
    ['SNAPSHOT_BYTES', '32768'],
    ['TOKEN_HOURS_MAX', '0'],
  ])('%s=%s', (name, value) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${name}=${value}: expected `);
  });

  it.each([
    [{ WINDOW_OPEN_TIMEOUT_MS: '7000' }, 'WINDOW_OPEN_TIMEOUT_MS=7000: expected more than 7000'],
    [
      { WINDOW_REVIEW_TIMEOUT_MS: '500', WINDOW_REVIEW_MS: '500' },
      'WINDOW_REVIEW_TIMEOUT_MS=500: expected more than 500',
    ],
    [
      { OFFER_LIFE_MAX_MS: '1000', OFFER_DEFAULT_MS: '1001' },
      'OFFER_DEFAULT_MS=1001: expected at most 1000',
    ],
  ])('times that contradict one another: %j', (environment, says) => {
    expect(() => readConfig(environment)).toThrow(ConfigError);
    expect(() => readConfig(environment)).toThrow(says);
  });

  it.each([
    [{ JWT_SECRET: 'too short' }, 'JWT_SECRET needs at least 32 bytes'],
    [
      { JWT_SECRET: SECRET, JWT_SECRET_PREVIOUS: 'too short' },
      'JWT_SECRET_PREVIOUS needs at least 32 bytes',
    ],
  ])('a secret of less than 32 bytes, which is not shown: %j', (environment, says) => {
    const read = () => readConfig(environment);
    expect(read).toThrow(says);
    expect(read).not.toThrow(/too short/);
  });

  it.each([{ JWT_SECRET_PREVIOUS: SECRET }, { JWT_SECRET: SECRET, JWT_SECRET_PREVIOUS: SECRET }])(
    'a previous secret without a new one: %j',
    environment => {
      expect(() => readConfig(environment)).toThrow(
        'JWT_SECRET_PREVIOUS is the secret before JWT_SECRET',
      );
    },
  );

  it('a REDIS_URL of something else, which is not shown', () => {
    const read = () => readConfig({ REDIS_URL: 'http://:password@redis' });
    expect(read).toThrow('REDIS_URL: expected redis://host:port, redis+sentinel://');
    expect(read).not.toThrow(/password/);
  });

  it.each([
    ['redis://redis:6379', undefined, true],
    ['redis://10.0.0.1', undefined, true],
    ['redis://localhost.example', undefined, true],
    ['redis+cluster://127.0.0.1:7000,127.0.0.1:7001', undefined, true],
    ['redis+sentinel://127.0.0.1:26379/main', undefined, true],
    ['redis://127.0.0.1:6379/3', undefined, false],
    ['rediss://:password@localhost', undefined, false],
    ['redis://[::1]:6379', undefined, false],
    ['redis://127.0.0.1', '1', true],
    ['redis://redis', '0', false],
  ])('messages through %s with REDIS_SIGN=%s must be signed: %s', (url, sign, isSigned) => {
    expect(readConfig({ REDIS_URL: url, REDIS_SIGN: sign }).redisSign).toBe(isSigned);
  });

  it('a JWKS_URL that is no URL', () => {
    expect(() => readConfig({ JWKS_URL: 'keys' })).toThrow('JWKS_URL is no URL: keys');
  });

  it('two sources of tokens', () => {
    const both = { JWT_SECRET: SECRET, JWKS_URL: 'https://id.example/keys' };
    expect(() => readConfig(both)).toThrow('Set JWT_SECRET or JWKS_URL, not both.');
  });

  it.each([
    ['http://id.example/keys', 'development'],
    ['http://127.0.0.1.example/keys', 'development'],
    ['ftp://127.0.0.1/keys', 'development'],
    ['http://127.0.0.1/keys', 'production'],
    ['http://id.example/keys', 'production'],
  ])('keys from %s in %s', (url, mode) => {
    const { DATABASE_URL } = PRODUCTION;
    const environment = { NODE_ENV: mode, DATABASE_URL, JWKS_URL: url, ...CLAIMS };
    expect(() => readConfig(environment)).toThrow(`JWKS_URL=${url}: expected https://`);
  });

  it.each([{}, { JWT_ISSUER: 'https://id.example' }, { JWT_AUDIENCE: 'market' }])(
    'keys of a provider with %j alone',
    claims => {
      const environment = { JWKS_URL: 'https://id.example/keys', ...claims };
      expect(() => readConfig(environment)).toThrow('JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE');
    },
  );
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

  it.each([
    ['WINDOW_ARM_ADDED_MS', 1_000],
    ['WINDOW_ARM_TAKEN_MS', 2_000],
    ['WINDOW_REVIEW_MS', 1_000],
  ])('does not start with %s below %d, and does at it', (name, floorMs) => {
    const below = () => readConfig({ ...PRODUCTION, [name]: `${floorMs - 1}` });
    expect(below).toThrow(ConfigError);
    expect(below).toThrow(`${name}=${floorMs - 1}: expected at least ${floorMs} with NODE_ENV=`);
    const { direct } = readConfig({ ...PRODUCTION, [name]: `${floorMs}` }).rules;
    expect(hurriedWindows(direct)).toBeNull();
  });

  it.each([
    ['production', 'https://id.example/keys'],
    ['development', 'http://127.0.0.1:8080/keys'],
    ['development', 'http://localhost:8080/keys'],
    ['development', 'http://[::1]:8080/keys'],
  ])('in %s takes keys from %s', (mode, url) => {
    const { DATABASE_URL } = PRODUCTION;
    const environment = { NODE_ENV: mode, DATABASE_URL, JWKS_URL: url, ...CLAIMS };
    expect(readConfig(environment)).toMatchObject({ jwksUrl: url, jwtAudience: 'market' });
  });

  it('leaves no address without bounds, unless it is told to', () => {
    expect(readConfig(PRODUCTION).gateway.address.exempt).toEqual([]);
    expect(readConfig({}).gateway.address.exempt).toEqual(['127.0.0.0/8', '::1']);
    const own = { ...PRODUCTION, ADDRESS_EXEMPT: '10.1.2.3, fd00::/8' };
    expect(readConfig(own).gateway.address.exempt).toEqual(['10.1.2.3', 'fd00::/8']);
    expect(readConfig({ ADDRESS_EXEMPT: 'none' }).gateway.address.exempt).toEqual([]);
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
      redisUrl: null,
      nodeRole: 'all',
      leaseMs: 2_000,
    });
    expect(config.folder).toMatch(/^\/.*\/data$/);
    expect(
      [config, config.rules, config.rules.direct, config.gateway, config.gateway.limits].every(
        Object.isFrozen,
      ),
    ).toBe(true);
    expect(config.rules).toEqual(DEFAULT_RULES);
    expect(config.amountWordsLocale).toBe('en-US');
  });

  it('reads what a node of a cluster is', () => {
    const node = { REDIS_URL: 'rediss://:secret@redis:6380/1', NODE_ROLE: 'gateway' };
    const config = readConfig({ ...node, NODE_NAME: 'north-1.game', LEASE_MS: '5000' });
    expect(config).toMatchObject({
      redisUrl: 'rediss://:secret@redis:6380/1',
      nodeRole: 'gateway',
      leaseMs: 5_000,
    });
    expect(config.nodeName).toMatch(/^north-1\.game-[0-9a-f]{8}$/);
  });

  it('names a node anew at each start, for the leader must not mistake it', () => {
    const names = [1, 2, 3].map(() => readConfig({ NODE_NAME: 'a' }).nodeName);
    expect(new Set(names).size).toBe(3);
    expect(readConfig({}).nodeName).toMatch(/^[\w.-]+-[0-9a-f]{8}$/);
  });

  it('reads every rule of windows and offers', () => {
    const { rules, amountWordsLocale } = readConfig({
      DIRECT_FEE_BPS: '25',
      WINDOW_ARM_ADDED_MS: '1',
      WINDOW_ARM_TAKEN_MS: '2',
      WINDOW_ARM_ACCEPTED_MS: '3',
      WINDOW_REVIEW_MS: '4',
      WINDOW_INVITE_TIMEOUT_MS: '5',
      WINDOW_OPEN_TIMEOUT_MS: '6',
      WINDOW_REVIEW_TIMEOUT_MS: '7',
      WINDOW_GRACE_MS: '8',
      WINDOW_INVITES_PER_MINUTE_MAX: '9',
      WINDOW_INVITES_PER_PLAYER_MAX: '10',
      WINDOW_STEPS_MAX: '15',
      WINDOW_ACKNOWLEDGE_FROM: 'danger',
      WINDOW_VALUE_RATIO_BPS: '20000',
      OPEN_OFFERS_MAX: '11',
      OFFERS_PER_PLAYER_MAX: '15',
      RECEIVED_OFFERS_MAX: '12',
      OFFER_DEFAULT_MS: '13',
      OFFER_LIFE_MAX_MS: '14',
      AMOUNT_WORDS_LOCALE: 'de-DE',
    });
    expect(rules.direct).toEqual({
      feeBps: 25,
      armAddedMs: 1,
      armTakenMs: 2,
      armAcceptedMs: 3,
      reviewMs: 4,
      inviteTimeoutMs: 5,
      openTimeoutMs: 6,
      reviewTimeoutMs: 7,
      graceMs: 8,
      invitesPerMinuteMax: 9,
      invitesPerPlayerMax: 10,
      windowStepsMax: 15,
      acknowledgeFrom: 'danger',
      valueRatioBps: 20_000,
      openOffersMax: 11,
      offersPerPlayerMax: 15,
      receivedOffersMax: 12,
      offerDefaultMs: 13,
      offerLifeMaxMs: 14,
    });
    expect(amountWordsLocale).toBe('de-DE');
  });

  it('takes any time for windows outside of production, and warns in one line', () => {
    const environment = { WINDOW_ARM_ADDED_MS: '0', WINDOW_REVIEW_MS: '999' };
    expect(hurriedWindows(readConfig(environment).rules.direct)).toBe(
      'Players can be hurried; production would refuse WINDOW_ARM_ADDED_MS=0 (at least 1000), ' +
        'WINDOW_REVIEW_MS=999 (at least 1000).',
    );
    expect(hurriedWindows(readConfig({}).rules.direct)).toBeNull();
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = { PORT: ' ', DATABASE_URL: '', JWT_SECRET: '', REDIS_URL: '', NODE_NAME: ' ' };
    const { nodeName: _, ...read } = readConfig(empty);
    expect(readConfig({})).toMatchObject(read);
  });

  it('reads a tier as perMinute/burst/inFlight, or as unlimited', () => {
    const { limits } = readConfig({ RATE_GUEST: '60/5/2/90', RATE_PREMIUM: 'unlimited' }).gateway;
    expect(limits.guest).toEqual({ perMinute: 60, burst: 5, inFlight: 2, answersPerMinute: 90 });
    expect(limits.premium).toBeNull();
    expect(limits.standard).toEqual(DEFAULT_TIER_LIMITS.standard);
  });

  it('reads what one address and one player may cost', () => {
    const { gateway } = readConfig({
      TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::/32',
      ADDRESS_SOCKETS_MAX: '1',
      ADDRESS_UNOPENED_MAX: '2',
      ADDRESS_UPGRADES: '3/4',
      ADDRESS_FAILURES: '5/6',
      UNOPENED_SOCKETS_MAX: '7',
      SNAPSHOT_BYTES: '2048/4096',
    });
    expect(gateway).toMatchObject({
      trustedProxies: ['10.0.0.0/8', '2001:db8::/32'],
      unopenedMax: 7,
      snapshotBytesPerSecond: 2_048,
      snapshotBytesBurst: 4_096,
      address: {
        socketsMax: 1,
        unopenedMax: 2,
        upgrades: { perMinute: 3, burst: 4 },
        failures: { perMinute: 5, burst: 6 },
      },
    });
  });

  it('shows metrics on a port of their own, on this machine alone', () => {
    expect(readConfig({}).ops).toEqual({ host: '127.0.0.1', port: 9777 });
    expect(readConfig({ PORT: '0' }).ops.port).toBe(0);
    const ops = { OPS_HOST: '10.0.0.1', OPS_PORT: '9000' };
    expect(readConfig(ops).ops).toEqual({ host: '10.0.0.1', port: 9_000 });
  });

  it('reads origins as a list', () => {
    const { origins } = readConfig({
      ALLOWED_ORIGINS: 'https://a.example, https://b.example',
    }).gateway;
    expect(origins).toEqual(['https://a.example', 'https://b.example']);
  });
});
