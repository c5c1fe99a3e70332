// Never run: its declarations show types of lib/model as what they are, without the schemas that they come from. Those of
// the same name there are replaced by them (declarations.mjs).
import type * as evidence from '../../lib/model/evidence.ts';
import type * as platform from '../../lib/model/platform.ts';
import type * as preview from '../../lib/model/preview.ts';
import type * as record from '../../lib/model/record.ts';

import type * as templates from '../../lib/model/templates/index.ts';

declare function written<T>(): T;

export const NotedEvidence = written<evidence.NotedEvidence>();
export const Platform = written<platform.Platform>();
export const Preview = written<preview.Preview>();
export const PreviewSpecInput = written<preview.PreviewSpecInput>();
export const TemplateName = written<templates.TemplateName>();
export const PreviewRecord = written<record.PreviewRecord>();
