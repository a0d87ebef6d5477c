import fc from 'fast-check';
import { expect, test } from 'vitest';
import { costAt } from './cost.ts';
import { foundPrice } from './found-price.ts';
import { attoOf, dollarsOf } from './money.ts';

/** Dollars per million tokens with up to nine decimals: some are whole picodollars a token, others are not. */
const price = fc.oneof(
  fc.nat(1_000_000_000).map((nano) => Number((nano / 1e9).toFixed(9))),
  fc.integer({ min: 1, max: 500 }),
);
const quantity = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));

test('whatever the prices and quantities, the sum is the exact one, rounded once', () => {
  fc.assert(
    fc.property(price, price, quantity, quantity, (input, output, inputTokens, outputTokens) => {
      const { usd, lines } = costAt(foundPrice({ model: '*', input, output }, []), { inputTokens, outputTokens });
      const ofInput = attoOf(input, 1_000_000n) * BigInt(inputTokens);
      const ofOutput = attoOf(output, 1_000_000n) * BigInt(outputTokens);
      expect(usd).toBe(dollarsOf(ofInput + ofOutput));
      const told = [
        ...(inputTokens > 0 ? [dollarsOf(ofInput)] : []),
        ...(outputTokens > 0 ? [dollarsOf(ofOutput)] : []),
      ];
      expect(lines.map((line) => line.usd)).toEqual(told);
    }),
  );
});
