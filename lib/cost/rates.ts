/** What a cloud asks for serverless pods of plain Linux, in US dollars. */
export interface ExampleRates {
  readonly cloud: string;
  readonly region: string;
  /** One vCPU an hour. */
  readonly cpuHour: number;
  /** One GiB an hour. */
  readonly memoryGiBHour: number;
  /** One GiB of a usual disk an hour. */
  readonly storageGiBHour: number;
  /** Share that spot capacity takes off at most. */
  readonly spotDiscount: number;
  /** When they were looked up: they change, and a bill has discounts of its own. */
  readonly asOf: string;
  /** The price list that says so: a page to look at again. */
  readonly source: string;
}

/** Examples to begin with, for `cost.rates` of greenroom.yaml; from the price lists of the clouds. */
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

/** The same on spot capacity, to a millionth of the currency. */
export function spotRates({ cpuHour, memoryGiBHour, spotDiscount }: ExampleRates) {
  const off = (rate: number) => Math.round(rate * (1 - spotDiscount) * 1_000_000) / 1_000_000;
  return { cpuHour: off(cpuHour), memoryGiBHour: off(memoryGiBHour) };
}
