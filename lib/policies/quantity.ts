/** Billionths: the finest unit that Kubernetes stores. Anything finer is rounded away from zero. */
const NANO_DIGITS = 9;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const MAX_INT64 = (1n << 63n) - 1n;

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,4})$/;

/** A Kubernetes resource quantity, compared exactly. */
export class Quantity {
  /** Billionths of the unit. */
  readonly nano: bigint;

  constructor(nano: bigint) {
    this.nano = nano;
  }

  /** Parses a quantity like `resource.ParseQuantity` of Kubernetes; undefined if it is invalid. */
  static parse(text: string): Quantity | undefined {
    if (text.length > 64) return undefined;
    const match = PATTERN.exec(text);
    if (!match) return undefined;
    const [, sign, whole = '', fraction = '', suffix = ''] = match;
    if (whole === '' && fraction === '') return undefined;
    const digits = BigInt(whole + fraction);
    const binary = BINARY[suffix];
    const exponent = DECIMAL[suffix] ?? (binary === undefined ? Number(suffix.slice(1)) : 0);
    let nano = scale(digits << (binary ?? 0n), NANO_DIGITS + exponent - fraction.length);
    const most = MAX_INT64 * 10n ** BigInt(NANO_DIGITS);
    if (binary !== undefined && nano > most) nano = most;
    return new Quantity(sign === '-' ? -nano : nano);
  }

  compareTo(other: Quantity): bigint {
    return this.nano === other.nano ? 0n : this.nano < other.nano ? -1n : 1n;
  }

  toNumber(): number {
    return Number(this.nano) / 10 ** NANO_DIGITS;
  }
}

/** `value * 10^digits`, rounded up. */
function scale(value: bigint, digits: number): bigint {
  if (digits >= 0) return value * 10n ** BigInt(digits);
  const divisor = 10n ** BigInt(-digits);
  return (value + divisor - 1n) / divisor;
}
