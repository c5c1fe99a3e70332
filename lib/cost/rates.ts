/** Prices of a cloud for serverless pods on Linux, in US dollars. */
export interface ExampleRates {
  readonly cloud: string;
  readonly region: string;
  /** One vCPU an hour. */
  readonly cpuHour: number;
  /** One GiB an hour. */
  readonly memoryGiBHour: number;
  /** One GiB of a usual disk per hour. */
  readonly storageGiBHour: number;
  /** Highest discount for spot capacity, as a share. */
  readonly spotDiscount: number;
  /** When they were looked up. They change, and bills have further discounts. */
  readonly asOf: string;
  /** The price list that says so: a page to look at again. */
  readonly source: string;
}

/**
 * Example values for `cost.rates` in greenroom.yaml, from the price lists of the clouds. The rates of vCPU and memory
 * were compared with public reports of the price lists (Azure's from its retail price API) at the date of each; the
 * rates of disks and the spot discounts are older, and say what is usual.
 */
export const EXAMPLE_RATES: readonly ExampleRates[] = [
  {
    cloud: 'AWS Fargate',
    region: 'us-east-1',
    cpuHour: 0.04048,
    memoryGiBHour: 0.004445,
    storageGiBHour: 0.000111,
    spotDiscount: 0.7,
    asOf: '2026-10',
    source: 'https://aws.amazon.com/fargate/pricing/',
  },
  {
    cloud: 'GKE Autopilot',
    region: 'us-central1',
    cpuHour: 0.0445,
    memoryGiBHour: 0.0049225,
    storageGiBHour: 0.000137,
    spotDiscount: 0.7,
    asOf: '2026-08',
    source: 'https://cloud.google.com/kubernetes-engine/pricing',
  },
  {
    cloud: 'Azure Container Instances',
    region: 'eastus',
    cpuHour: 0.0405,
    memoryGiBHour: 0.00445,
    storageGiBHour: 0.000103,
    spotDiscount: 0.7,
    asOf: '2026-10',
    source: 'https://azure.microsoft.com/pricing/details/container-instances/',
  },
];

/** After so many months rates are called old: price lists change. */
const OLD_AFTER = 12;

/**
 * Months since rates were looked up, if they are old; null if they are not.
 *
 * @param asOf `2026-03` or `2026-03-14`
 * @param now Unix seconds
 */
export function monthsIfOld(asOf: string, now: number): number | null {
  const [year = 0, month = 1] = asOf.split('-').map(Number);
  const today = new Date(now * 1000);
  const months = (today.getUTCFullYear() - year) * 12 + today.getUTCMonth() + 1 - month;
  return months > OLD_AFTER ? months : null;
}

/** One sentence about old rates; null if none of them are. */
export function oldRatesSentence(dates: readonly string[], now: number): string | null {
  const [oldest] = dates.filter((asOf) => monthsIfOld(asOf, now) !== null).sort();
  if (oldest === undefined) return null;
  const age = monthsIfOld(oldest, now);
  return `The rates of ${oldest} are ${age} months old: compare cost.rates in greenroom.yaml with the present price list.`;
}

/** The rates with the spot discount, rounded to a millionth. */
export function spotRates({ cpuHour, memoryGiBHour, spotDiscount }: ExampleRates) {
  const off = (rate: number) => Math.round(rate * (1 - spotDiscount) * 1_000_000) / 1_000_000;
  return { cpuHour: off(cpuHour), memoryGiBHour: off(memoryGiBHour) };
}
