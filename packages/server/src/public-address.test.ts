import { describe, expect, test } from 'vitest';
import { asRange, isPublic, isWithin, networkOf } from './public-address.ts';

describe('addresses of IANA’s special-purpose registries are not public', () => {
  test.each([
    ...[
      '0.0.0.0',
      '0.1.2.3',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
    ],
    ...['172.31.255.255', '192.0.0.8', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255'],
    ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
    ...['::', '::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1', '100::1', '2001:db8::1', '2001:2::1'],
    ...['2001:10::1', '2001:20::1', '3fff::1', '5f00::1', '4000::1', '1::1', 'fe80::1%eth0'],
  ])('%s', (address) => expect(isPublic(address)).toBe(false));
});

describe('an IPv4 address is found in every form that embeds it', () => {
  test.each([
    ['mapped', '::ffff:127.0.0.1', '::ffff:8.8.8.8'],
    ['mapped, in hexadecimal', '::ffff:a00:1', '::ffff:808:808'],
    ['compatible', '::127.0.0.1', '::8.8.8.8'],
    ['translated', '::ffff:0:10.0.0.1', '::ffff:0:8.8.8.8'],
    ['NAT64', '64:ff9b::7f00:1', '64:ff9b::808:808'],
    ['6to4', '2002:7f00:1::', '2002:808:808::'],
    ['6to4 of the metadata service', '2002:a9fe:a9fe::1', '2002:808:808::1'],
    ['ISATAP', '2606:4700::5efe:127.0.0.1', '2606:4700::5efe:8.8.8.8'],
  ])('%s', (_form, hostile, harmless) => {
    expect(isPublic(hostile)).toBe(false);
    expect(isPublic(harmless)).toBe(true);
  });

  test.each(['64:ff9b:1::808:808', '2001:0:808:808::1'])('%s leads nobody knows where', (address) => {
    expect(isPublic(address)).toBe(false);
  });
});

test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001::200e'])(
  '%s is public',
  (address) => {
    expect(isPublic(address)).toBe(true);
  },
);

test.each(['', 'localhost', '127.1.2.3.4', '8.8.8.8:80', '[::1]'])('"%s" is no address', (text) => {
  expect(isPublic(text)).toBe(false);
  expect(isWithin(text, ['0.0.0.0/0'])).toBe(false);
});

test('ranges', () => {
  expect(asRange('10.0.0.5')).toBe('10.0.0.5/32');
  expect(asRange('fd00::1')).toBe('fd00::1/128');
  expect(asRange('10.0.0.0/8')).toBe('10.0.0.0/8');
  expect(asRange('10.0.0.0/99')).toBeUndefined();
  expect(isWithin('10.9.9.9', ['192.168.0.0/16', '10.0.0.0/8'])).toBe(true);
  expect(isWithin('::ffff:10.9.9.9', ['10.0.0.0/8'])).toBe(true);
  expect(isWithin('11.0.0.1', ['10.0.0.0/8'])).toBe(false);
  for (const range of ['::ffff:10.0.0.0/104', '::ffff:a09:909/128', asRange('::ffff:10.9.9.9') ?? '']) {
    expect(isWithin('10.9.9.9', [range]), range).toBe(true);
    expect(isWithin('::ffff:10.9.9.9', [range]), range).toBe(true);
    expect(isWithin('11.0.0.1', [range]), range).toBe(false);
  }
});

test('an IPv6 address counts as its /64, an IPv4 one as itself', () => {
  expect(networkOf('2001:db8:0:1::7')).toBe(networkOf('2001:DB8:0:1:ffff::1'));
  expect(networkOf('2001:db8:0:1::7')).not.toBe(networkOf('2001:db8:0:2::7'));
  expect([networkOf('192.0.2.7'), networkOf('::ffff:192.0.2.7'), networkOf('')]).toEqual([
    '192.0.2.7',
    '192.0.2.7',
    '',
  ]);
});
