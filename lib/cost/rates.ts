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

/** Example values for `cost.rates` in greenroom.yaml, from the price lists of the clouds. */
export const EXAMPLE_RATES: readonly ExampleRates[] = [
  {
    cloud: 'AWS Fargate',
    region: 'us-east-1',
    cpuHour: 0.04048,
    memoryGiBHour: 0.004445,
    storageGiBHour: 0.00011,
    spotDiscount: 0.7,
    asOf: '2026-03',
    source: 'https://aws.amazon.com/fargate/pricing/',
  },
  {
    cloud: 'GKE Autopilot',
    region: 'us-central1',
    cpuHour: 0.0445,
    memoryGiBHour: 0.0049,
    storageGiBHour: 0.000137,
    spotDiscount: 0.7,
    asOf: '2026-01',
    source: 'https://cloud.google.com/kubernetes-engine/pricing',
  },
  {
    cloud: 'Azure Container Instances',
    region: 'eastus',
    cpuHour: 0.0405,
    memoryGiBHour: 0.00445,
    storageGiBHour: 0.000103,
    spotDiscount: 0.7,
    asOf: '2024-06',
    source: 'https://azure.microsoft.com/pricing/details/container-instances/',
  },
];

/** The rates with the spot discount, rounded to a millionth. */
export function spotRates({ cpuHour, memoryGiBHour, spotDiscount }: ExampleRates) {
  const off = (rate: number) => Math.round(rate * (1 - spotDiscount) * 1_000_000) / 1_000_000;
  return { cpuHour: off(cpuHour), memoryGiBHour: off(memoryGiBHour) };
}
