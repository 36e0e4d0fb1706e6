// Which failures to reach Postgres are worth waiting for, and which are not.

import { describe, expect, it } from 'vitest';
import { isAway } from '../../src/database-reach.ts';

const failure = (code: string, more: object = {}) =>
  Object.assign(new Error('it failed'), code === '' ? {} : { code }, more);

describe('a database', () => {
  it.each([
    ['that nobody listens for', failure('ECONNREFUSED')],
    ['whose name is not known yet', failure('ENOTFOUND')],
    ['whose name server does not answer', failure('EAI_AGAIN')],
    ['whose line is cut', failure('ECONNRESET')],
    ['without its socket', failure('ENOENT', { syscall: 'connect' })],
    ['that starts', failure('57P03')],
    ['that is shut down', failure('57P01')],
    ['that is full', failure('53300')],
    ['behind a pooler that does not reach it', failure('08006')],
    ['that says nothing', new Error('timeout expired')],
    ['that hangs up', new Error('Connection terminated unexpectedly')],
    ['with several addresses', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })],
  ])('%s is away, and is waited for', (_what, error) => {
    expect(isAway(error)).toBe(true);
  });

  it.each([
    ['with another password', failure('28P01')],
    ['that does not let us in', failure('28000')],
    ['that there is not', failure('3D000')],
    ['whose certificate is not on the disk', failure('ENOENT', { syscall: 'open' })],
    ['whose certificate is not trusted', failure('SELF_SIGNED_CERT_IN_CHAIN')],
    ['without TLS', new Error('The server does not support SSL connections')],
    ['with an address that is none', new TypeError('Invalid URL')],
    ['and something else', 'a string'],
  ])('%s is not', (_what, error) => {
    expect(isAway(error)).toBe(false);
  });
});
