// Never run: its declarations show the types of schemas written out, without zod (declarations.mjs).
import type * as z from 'zod';
import { platformSchema } from '../../lib/model/platform.ts';
import { previewSchema } from '../../lib/model/preview.ts';
import { recordSchema } from '../../lib/model/record.ts';

declare function output<S extends z.ZodType>(schema: S): z.output<S>;

export const Platform = output(platformSchema);
export const Preview = output(previewSchema);
export const PreviewRecord = output(recordSchema);
