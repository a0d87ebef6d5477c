/**
 * Money is counted in whole attodollars (10⁻¹⁸ US dollars), so that no sum of prices is rounded: a price per million tokens
 * with up to nine decimals, multiplied by a factor with up to three, is a whole number of them for each token.
 */
export type Atto = bigint;

const attoPerDollar = 10n ** 18n;
const attoPerPico = 10n ** 6n;
const picoDigits = 12;
const maxExact = BigInt(Number.MAX_SAFE_INTEGER);

/** A price in US dollars, times factors, for one of `pieces`. @throws RangeError for more decimals than can be held. */
export function attoOf(dollars: number, pieces: bigint, factors: readonly number[] = []): Atto {
  let numerator = thousandBillionths(dollars);
  let denominator = pieces * 10n ** 12n;
  for (const factor of factors) {
    numerator *= thousandBillionths(factor);
    denominator *= 10n ** 12n;
  }
  numerator *= attoPerDollar;
  if (numerator % denominator !== 0n) throw new RangeError(`The price ${dollars} has too many decimals.`);
  return numerator / denominator;
}

/** As a number of US dollars, rounded once, to the nearest picodollar (10⁻¹²), half up. */
export function dollarsOf(atto: Atto): number {
  return fromPico((atto + attoPerPico / 2n) / attoPerPico);
}

/** The same, rounded up: for bounds. */
export function dollarsAtLeast(atto: Atto): number {
  return fromPico((atto + attoPerPico - 1n) / attoPerPico);
}

/** In picodollars, where that is a whole number that a double holds. */
export function wholePico(atto: Atto): number | undefined {
  const pico = atto / attoPerPico;
  return pico * attoPerPico === atto && pico <= maxExact ? Number(pico) : undefined;
}

export function attoOfPico(pico: number): Atto {
  return BigInt(pico) * attoPerPico;
}

/** Of a whole number of picodollars that a double holds. */
export function dollarsOfPico(pico: number): number {
  // Both sides are exact, so that the division rounds to the very number that the decimal is read as.
  return pico / 1e12;
}

/** The exact sum of amounts that `costOf` gave. */
export function sumDollars(amounts: Iterable<number>): number {
  let pico = 0n;
  for (const amount of amounts) pico += thousandBillionths(amount);
  return fromPico(pico);
}

/** A decimal with at most twelve places, as a whole number of 10⁻¹². */
function thousandBillionths(value: number): bigint {
  // The shortest decimal is the one that was meant; of very small numbers it has an exponent.
  const text = value < 1e-6 ? value.toFixed(picoDigits) : String(value);
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.slice(0, picoDigits).padEnd(picoDigits, '0'));
}

function fromPico(pico: bigint): number {
  if (pico <= maxExact) return dollarsOfPico(Number(pico));
  const digits = pico.toString().padStart(picoDigits + 1, '0');
  return Number(`${digits.slice(0, -picoDigits)}.${digits.slice(-picoDigits)}`);
}
