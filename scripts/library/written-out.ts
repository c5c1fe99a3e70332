// Never run: its declarations show types of lib/model as what they are, without the schemas that they come from. Those of
// the same name there are replaced by them (declarations.mjs).
import type * as platform from '../../lib/model/platform.ts';
import type * as preview from '../../lib/model/preview.ts';
import type * as record from '../../lib/model/record.ts';

declare function written<T>(): T;

export const Platform = written<platform.Platform>();
export const Preview = written<preview.Preview>();
export const PreviewRecord = written<record.PreviewRecord>();
