import * as z from 'zod';
import { quantity } from '../scalars.ts';

/** A section that may be left out: its own fields' defaults then apply. */
export function section<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape).prefault({} as never);
}

/** CPU and memory, as Kubernetes quantities. */
export const resources = z.strictObject({
  cpu: quantity.meta({ description: 'Cores: 1, or 250m for a quarter.', examples: ['250m'] }),
  memory: quantity.meta({ description: 'Bytes: 128Mi, 1Gi.', examples: ['128Mi'] }),
});
