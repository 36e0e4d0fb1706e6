import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressGroup,
  clientAddress,
  Networks,
  NOWHERE,
  plainAddress,
} from '../../src/gateway/addresses.ts';

const trusted = new Networks(['10.0.0.0/8', '2001:db8:aaaa::/48', '192.0.2.7']);

describe('an address in a header', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['0000:0000:0000:0000:0000:ffff:cb00:7109', '203.0.113.9'],
    ['unknown', null],
    ['', null],
    ['203.0.113', null],
    ['203.0.113.9.1', null],
    ['203.0.113.256', null],
    ['_hidden', null],
    ['2001:db8:::1', null],
    ['[2001:db8::1', null],
  ])('%j is %j', (text, address) => {
    expect(plainAddress(text)).toBe(address);
  });
});

describe('whose connection it is', () => {
  test.each([
    ['nobody between: what is forwarded is a lie', '203.0.113.9', ['198.51.100.1'], '203.0.113.9'],
    ['one proxy', '10.0.0.1', ['203.0.113.9'], '203.0.113.9'],
    ['a lie before what the proxy wrote', '10.0.0.1', ['1.1.1.1, 203.0.113.9'], '203.0.113.9'],
    ['a lie in a line of its own', '10.0.0.1', ['1.1.1.1', '203.0.113.9'], '203.0.113.9'],
    ['a lie that names a proxy', '10.0.0.1', ['10.9.9.9, 203.0.113.9'], '203.0.113.9'],
    ['two proxies', '10.0.0.1', ['203.0.113.9, 192.0.2.7'], '203.0.113.9'],
    ['proxies of both kinds', '10.0.0.1', ['203.0.113.9, 2001:db8:aaaa::5'], '203.0.113.9'],
    ['proxies alone', '10.0.0.1', ['10.0.0.2, 10.0.0.3'], '10.0.0.2'],
    ['a proxy that says nothing', '10.0.0.1', [], '10.0.0.1'],
    ['a proxy that says nonsense', '10.0.0.1', ['203.0.113.9, unknown'], '10.0.0.1'],
    ['a proxy by IPv6', '::ffff:10.0.0.1', ['2001:db8::9'], '2001:db8::9'],
    ['a socket file', '', [], NOWHERE],
  ])('%s', (_name, peer, lines, address) => {
    expect(clientAddress(peer, lines, trusted)).toBe(address);
  });

  test('what a player writes never changes it, however it looks', () => {
    const hop = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('10.0.0.9'));
    fc.assert(
      fc.property(fc.array(hop), fc.boolean(), (lies, isOwnLine) => {
        const lie = lies.join(', ');
        const lines = isOwnLine ? [lie, '203.0.113.9'] : [`${lie}, 203.0.113.9`];
        expect(clientAddress('10.0.0.1', lines, trusted)).toBe('203.0.113.9');
      }),
    );
  });
});

describe('what an address is counted as', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    [NOWHERE, NOWHERE],
  ])('%s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  test('all addresses of a network of 64 bits are one', () => {
    const own = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(own, groups => {
        const address = `2001:db8:7:8:${groups.map(group => group.toString(16)).join(':')}`;
        expect(addressGroup(plainAddress(address) as string)).toBe('2001:db8:7:8::/64');
      }),
    );
  });
});

describe('networks', () => {
  test.each(['10.0.0.0/33', '10.0.0/8', 'example', '2001:db8::/129', '10.0.0.0/8/8', '10.0.0.0/x'])(
    '%s is none, and the error says what one looks like',
    text => {
      expect(() => new Networks([text])).toThrow(`${text} is no network, as 10.0.0.0/8 or`);
    },
  );

  test('hold their addresses, and no others', () => {
    expect(['10.255.0.1', '192.0.2.7', '2001:db8:aaaa:1::1'].map(one => trusted.has(one))).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ['11.0.0.1', '192.0.2.8', '2001:db8:aaab::1', NOWHERE, ''].some(one => trusted.has(one)),
    ).toBe(false);
  });
});
