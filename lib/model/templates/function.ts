import { DEPLOYMENT, KNATIVE } from './runtime.ts';
import { defineTemplate } from './template.ts';

export const functionTemplate = defineTemplate({
  name: 'function',
  summary: 'runs only while there are requests, if the platform has Knative; otherwise a server',
  runtime: ({ knative }) => (knative ? KNATIVE : DEPLOYMENT),
});
